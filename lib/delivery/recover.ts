import { RelayError } from '../errors.ts';
import type { Recovery, Subscription, SubscriptionStore } from '../subscriptions/subscription.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { DeadLetter, Delivery, DeliveryId, DeliveryStore, UnreadableLetter } from './delivery.ts';
import { redelivery } from './redelivery.ts';
import { replayIdSchema } from './replay-mark.ts';
import { wasSentSince } from './was-sent-since.ts';

export interface RecoverParts {
  readonly deliveries: Pick<DeliveryStore, 'list' | 'letter'>;
  readonly subscriptions: Pick<SubscriptionStore, 'setRecovery'>;
  /** The one of replays. */
  readonly queue: DeliveryQueue;
}

export interface Recovered {
  /** Dead letters that were put on the queue. */
  readonly sent: number;
  /** Those that were passed over, for what is stored of them cannot be sent, now or later, or nothing is. */
  readonly unreadable: readonly DeliveryId[];
}

const hourMs = 60 * 60_000;
/** A day of empty hours is two reads. */
const longestWindowMs = 12 * hourMs;
/** Doubled after each, every other one would be too long. */
const growth = 1.5;
/** A step: what is read, sent and written down together. */
const lettersAStep = 100;
/** Letters that are read and sent at a time: each may have 256 KiB. */
const lettersAtATime = 10;
/** Of a subscription: thousands of them in the queue of replays would only wait there. */
const lettersARun = 1_000;

/**
 * Goes on with sending a subscription's dead letters again, oldest first, a stretch of their creation after the other. The deliveries are listed
 * newest first, so a stretch is made shorter until one page holds it, and longer again after. What was sent is written down after each; a stretch that
 * was cut off is begun anew, and what it had sent already is the same delivery again and settles once. Looks at the clock before each.
 * Oldest is what was created first: a letter that was redelivered by itself and died again is the younger delivery, and comes after what it was older than.
 * What cannot be sent is passed over and counted: it stays dead, and must not keep the others so. What was sent again since is passed over as well.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, DELIVERY_QUEUE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE; the next sweep goes on
 */
export async function recoverDeadLetters(parts: RecoverParts, subscription: Subscription, hasTime: () => boolean): Promise<Recovered> {
  let recovery = subscription.recovery;
  const recovered: { sent: number; unreadable: DeliveryId[] } = { sent: 0, unreadable: [] };
  let windowMs = hourMs;
  while (recovery?.status === 'running' && recovered.sent < lettersARun && hasTime()) {
    const from = Date.parse(recovery.cursor ?? recovery.since);
    const until = Date.parse(recovery.until);
    const to = Math.min(until, from + windowMs);
    const dead = await deadLettersOf(parts, { subscription, from, to });
    if (dead === undefined) {
      windowMs = Math.floor((to - from) / 2);
      continue;
    }
    windowMs = Math.min(longestWindowMs, Math.ceil(windowMs * growth));
    const step = await sendAgain(parts, { subscription, replay: recovery.id, dead });
    recovered.sent += step.sent;
    recovered.unreadable.push(...step.unreadable);
    const unreadable = (recovery.unreadable ?? 0) + step.unreadable.length;
    const next: Recovery = {
      ...recovery,
      redelivered: recovery.redelivered + step.sent,
      ...(unreadable === 0 ? {} : { unreadable }),
      cursor: new Date(to).toISOString(),
      status: to >= until ? 'done' : 'running',
    };
    // Another sweep is at it, and has counted what we have sent, or will; or it was cancelled.
    if (!(await parts.subscriptions.setRecovery(subscription.id, { seen: recovery, recovery: next }))) return recovered;
    recovery = next;
  }
  return recovered;
}

async function sendAgain(
  parts: RecoverParts,
  { subscription, replay, dead }: { subscription: Subscription; replay: string; dead: readonly Delivery[] },
): Promise<Recovered> {
  const replayId = replayIdSchema.parse(replay);
  const unreadable: DeliveryId[] = [];
  let sent = 0;
  for (let from = 0; from < dead.length; from += lettersAtATime) {
    const found = await Promise.all(dead.slice(from, from + lettersAtATime).map(({ id }) => letterOf(parts, id)));
    const isPast = await Promise.all(found.map(async (letter) => 'message' in letter && (await wasSentSince(parts.deliveries, letter))));
    const letters = found.filter((_, index) => isPast[index] !== true);
    unreadable.push(...letters.flatMap((letter) => ('unreadable' in letter ? [letter.unreadable] : [])));
    const readable = letters.filter((letter) => 'message' in letter);
    const messages = readable.map((letter) => redelivery(letter, subscription, replayId));
    const { notSent, refused } = await parts.queue.send(messages);
    if (notSent.length > 0) {
      throw new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'The queue did not take all dead letters', {
        facts: { deliveries: notSent.length },
      });
    }
    unreadable.push(...refused.flatMap(({ index }) => readable[index]?.delivery.id ?? []));
    sent += messages.length - refused.length;
  }
  return { sent, unreadable };
}

/** One that is dead without a letter is listed as dead all the same, and whoever asked for it must hear that it was not sent. */
async function letterOf({ deliveries }: RecoverParts, id: DeliveryId): Promise<DeadLetter | UnreadableLetter> {
  return (await deliveries.letter(id)) ?? { unreadable: id };
}

/** Oldest first. Undefined: there are more than one page tells of, and the stretch can be made shorter. */
async function deadLettersOf(
  { deliveries }: RecoverParts,
  { subscription, from, to }: { subscription: Subscription; from: number; to: number },
): Promise<readonly Delivery[] | undefined> {
  const query = { subscription: subscription.id, status: 'dead', since: new Date(from), until: new Date(to), limit: lettersAStep } as const;
  const found: Delivery[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await deliveries.list({ ...query, cursor });
    if (page.kind === 'bad-cursor') throw new Error('A cursor of the delivery log was not taken back');
    found.push(...page.data);
    if (page.nextCursor === null) return found.toReversed();
    // What was created in one and the same millisecond cannot be told apart by time.
    if (to - from > 1) return undefined;
    cursor = page.nextCursor;
  }
}
