/** Port: what delivering counts; names of lib/telemetry/metric-names.ts. Never throws. */
export interface DeliveryMetrics {
  count(
    name:
      | 'Delivered'
      | 'Failed'
      | 'Parked'
      | 'Superseded'
      | 'Dead'
      | 'Duplicates'
      | 'Quarantined'
      | 'CircuitOpened'
      | 'CircuitClosed'
      | 'SubscriptionDisabled',
    value?: number,
    dimensions?: { readonly Subscription: string },
  ): void;
  /** From Okta's `published` to the subscriber's 2xx, in milliseconds; `RemovalLatencyMs` is for removals, on top. */
  time(name: 'DeliveryLatencyMs' | 'RemovalLatencyMs', ms: number, dimensions: { readonly Subscription: string }): void;
}
