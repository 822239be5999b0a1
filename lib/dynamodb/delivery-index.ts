import type { DeliveryQuery } from '../delivery/delivery.ts';
import { indexKeyOf, subscriptionHourOf } from './delivery-item.ts';

export interface DeliveryIndex {
  readonly name: string;
  readonly partitionKey: string;
  partition(hour: string): string;
  /** Cut by the hour: when one partition is read to its end, the hour before is next. */
  readonly hourly: boolean;
}

/** The index with the fewest keys for a query; see lib/dynamodb/tables.ts. */
export function deliveryIndexFor({ change, user, subscription }: DeliveryQuery): DeliveryIndex {
  const whole = (name: string, partitionKey: string, id: string): DeliveryIndex => ({
    name,
    partitionKey,
    partition: () => indexKeyOf(id),
    hourly: false,
  });
  if (change !== undefined) return whole('byChange', 'change', change);
  if (user !== undefined) return whole('byUser', 'user', user);
  if (subscription === undefined) return { name: 'byHour', partitionKey: 'hour', partition: (hour) => hour, hourly: true };
  return {
    name: 'bySubscription',
    partitionKey: 'subscriptionHour',
    partition: (hour) => subscriptionHourOf(subscription, hour),
    hourly: true,
  };
}
