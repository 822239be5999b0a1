/**
 * A request to the hook URL as it came, before anybody has proved anything. Nothing in it may be parsed or passed on:
 * only {@link VerifiedHookRequest} (authenticity.ts) can be.
 */
export interface UnverifiedHookRequest {
  /** The `{orgId}` of the path, or whatever stands in its place; empty when the path names none. */
  readonly orgId: string;
  readonly target: HookTarget;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Byte for byte as sent. */
  readonly body: Uint8Array;
  /** The gateway's own time of the request, epoch milliseconds. */
  readonly sentAtMs: number;
  /** The address that the gateway took the request from; undefined when it does not say. */
  readonly sourceIp?: string | undefined;
}

/** What is asked for: the handshake (GET), a delivery of events (POST), or something that the hook URL does not offer. */
export type HookTarget = 'challenge' | 'events' | 'other-method' | 'other-path';

/** Okta sends it on the one-time GET. https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request */
export const challengeHeader = 'x-okta-verification-challenge';
