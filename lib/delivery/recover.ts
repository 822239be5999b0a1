import { RelayError } from '../errors.ts';
import type { Recovery, Subscription, SubscriptionStore } from '../subscriptions/subscription.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Delivery, DeliveryStore } from './delivery.ts';
import { redelivery } from './redelivery.ts';
import { replayIdSchema } from './replay-mark.ts';

export interface RecoverParts {
  readonly deliveries: Pick<DeliveryStore, 'list' | 'letter'>;
  readonly subscriptions: Pick<SubscriptionStore, 'setRecovery'>;
  /** The one of replays. */
  readonly queue: DeliveryQueue;
}

const hourMs = 60 * 60_000;
const pageSize = 100;
/** Letters that are read and sent at a time: each may have 256 KiB. */
const lettersAtATime = 10;

/**
 * Goes on with sending a subscription's dead letters again, oldest first, an hour of their creation after the other. What was sent is written down
 * after each hour; an hour that was cut off is begun anew, and what it had sent already is the same delivery again and settles once.
 * Answers how many were put on the queue.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, DELIVERY_QUEUE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE; the next sweep goes on
 */
export async function recoverDeadLetters(parts: RecoverParts, subscription: Subscription, hasTime: () => boolean): Promise<number> {
  let recovery = subscription.recovery;
  let sent = 0;
  while (recovery?.status === 'running' && hasTime()) {
    const from = Date.parse(recovery.cursor ?? recovery.since);
    const until = Date.parse(recovery.until);
    // Whole hours from the second on, as the delivery log is cut.
    const to = Math.min(until, Math.floor(from / hourMs) * hourMs + hourMs);
    const redelivered = await recoverHour(parts, { subscription, recovery, from: new Date(from), to: new Date(to) });
    sent += redelivered;
    const next: Recovery = {
      ...recovery,
      redelivered: recovery.redelivered + redelivered,
      cursor: new Date(to).toISOString(),
      status: to >= until ? 'done' : 'running',
    };
    // Another sweep is at it: it has counted what we have sent, or will.
    if (!(await parts.subscriptions.setRecovery(subscription.id, { seen: recovery, recovery: next }))) return sent;
    recovery = next;
  }
  return sent;
}

interface Hour {
  readonly subscription: Subscription;
  readonly recovery: Recovery;
  readonly from: Date;
  readonly to: Date;
}

async function recoverHour(parts: RecoverParts, hour: Hour): Promise<number> {
  const dead = (await deadLettersOf(parts, hour)).toReversed();
  for (let from = 0; from < dead.length; from += lettersAtATime) {
    const letters = await Promise.all(dead.slice(from, from + lettersAtATime).map(({ id }) => parts.deliveries.letter(id)));
    const replay = replayIdSchema.parse(hour.recovery.id);
    const messages = letters.flatMap((letter) => (letter === undefined ? [] : [redelivery(letter, hour.subscription, replay)]));
    const { notSent } = await parts.queue.send(messages);
    if (notSent.length > 0) {
      throw new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'The queue did not take all dead letters', {
        facts: { deliveries: notSent.length },
      });
    }
  }
  return dead.length;
}

/** Newest first. */
async function deadLettersOf({ deliveries }: RecoverParts, { subscription, from, to }: Hour): Promise<Delivery[]> {
  const found: Delivery[] = [];
  let cursor: string | undefined;
  do {
    const page = await deliveries.list({ subscription: subscription.id, status: 'dead', since: from, until: to, limit: pageSize, cursor });
    if (page.kind === 'bad-cursor') throw new Error('A cursor of the delivery log was not taken back');
    found.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}
