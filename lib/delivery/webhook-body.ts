import type { SequencedChange } from '../identity/change.ts';
import { projected } from '../subscriptions/attribute-projection.ts';
import type { Subscription } from '../subscriptions/subscription.ts';

/**
 * The bytes that are signed and sent: the change, as much of it as the subscription asks for at the time of the attempt. A redelivery or a replay
 * therefore never shows more than its subscription asks for now. JSON in UTF-8.
 */
export function webhookBody(change: SequencedChange, { format, attributes }: Pick<Subscription, 'format' | 'attributes'>): Uint8Array {
  const paths = format === 'minimal' ? [] : attributes;
  return Buffer.from(JSON.stringify(paths === undefined ? change : projected(change, paths)), 'utf8');
}
