import type { SequencedChange } from '../identity/change.ts';
import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import type { Subscription } from '../subscriptions/subscription.ts';

/**
 * The bytes that are signed and sent: the change, as much of it as the subscription asks for at the time of the attempt. It was narrowed before it was
 * queued; what the subscription has ceased to ask for since is left out here. JSON in UTF-8.
 */
export function webhookBody(change: SequencedChange, subscription: Pick<Subscription, 'format' | 'attributes'>): Uint8Array {
  return Buffer.from(JSON.stringify(narrowedChange(change, subscription)), 'utf8');
}
