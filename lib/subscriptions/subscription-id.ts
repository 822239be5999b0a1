import type { SubscriptionId } from './subscription.ts';
import { newUlid } from './ulid.ts';

/** `sub_` and a ULID in lower case: ids sort by time of creation. */
export function newSubscriptionId(now: Date, randomBytes: (count: number) => Uint8Array): SubscriptionId {
  // A ULID is within the pattern of the brand.
  return `sub_${newUlid(now, randomBytes)}` as SubscriptionId;
}
