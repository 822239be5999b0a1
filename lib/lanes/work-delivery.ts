import { liveSecrets } from '../subscriptions/signing-secret.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { isProbeDue } from '../pacing/circuit.ts';
import type { Admission } from '../pacing/circuits.ts';
import type { DeliverParts } from './deliver-parts.ts';
import { deliveryLifetimeMs, type Claim, type DeliveryMessage } from '../delivery/delivery.ts';
import { isLeftToSweep } from './is-left-to-sweep.ts';
import { isRemoval } from '../identity/is-removal.ts';
import { lostClaim, type DeliveryOutcome, type SettledOutcome } from '../delivery/message-outcome.ts';
import { narrowedMessage } from '../delivery/narrowed-message.ts';

/** On top of an attempt's timeout: passing the stale guard, writing the outcome, each with its retries, and clocks that are a little off. */
const leaseMarginMs = 15_000;

/**
 * An attempt that began so long after a person's wish may still be made by what was known before it: a view of the subscription is 2.5 s old at most, and
 * the clocks of two machines are not further apart than the rest.
 */
const oldViewMs = 5_000;

export interface DeliveryWork {
  readonly message: DeliveryMessage;
  /** Of its lane in the queue. */
  readonly group: string;
  /** `sweep` has taken the probe of the open circuit for it: where the circuit is still open it is sent whether or not it is due. */
  readonly probe: boolean;
  /** It may have failed before and not be due: then it takes none of what the subscription's limits leave to those behind it. */
  readonly mayWait?: boolean;
  /** Of its lane: where it was last attempted before that, it does not wait for its time. */
  readonly hastenedAt?: Date | undefined;
  /** Awaited once the delivery is claimed, before anything is sent. */
  readonly beforeSend?: (() => Promise<void>) | undefined;
}

/**
 * Works one delivery: claims it and makes one attempt, if its subscription can be sent to now.
 *
 * What can fail for reasons of our own (subscription, keys) is done before the claim, so that an outage leaves no lease
 * behind. A crash between the subscriber's 2xx and its record leaves the lease to run out and the delivery to be repeated
 * with the same `webhook-id`: at least once.
 * @throws RelayError when our infrastructure fails; the delivery is then still owed.
 */
export async function workDelivery(parts: DeliverParts, work: DeliveryWork): Promise<DeliveryOutcome> {
  const target = await findTarget(parts, work);
  if (target.kind === 'held') return target;
  if (target.kind === 'unwanted') return settleUnwanted(parts, work.message, target.ending);

  const early = await isHastened(parts, work);
  const dueAt = work.mayWait === true && !work.probe && !early ? await dueLater(parts, work.message) : undefined;
  if (dueAt !== undefined) return { kind: 'failing', dueAt, because: 'not-yet' };
  const { subscription } = target;
  const ended = subscription.circuit === undefined ? undefined : await settledBefore(parts, work.message);
  if (ended !== undefined) return ended;
  const place = await parts.limiter.enter(subscription.id, subscription.limits);
  if (place.kind === 'full') return { kind: 'limited', retryMs: place.retryMs };
  try {
    // Behind the limiter: a probe that is due must not be taken by what has no room.
    const admission = await admitted(parts, subscription, work);
    if (admission.kind === 'open') return { kind: 'held', reason: 'circuit' };
    const { claim, ...lease } = await claimed(parts, work.message, early || admission.kind === 'probe');
    if (claim.kind !== 'claimed') return unclaimed(parts, claim);
    // Never without a single attempt: a pause may have used up all of its time.
    const isExpired = claim.attempts > 0 && parts.now().getTime() - claim.createdAt.getTime() > deliveryLifetimeMs;
    if (isExpired) return await end(parts, { message: work.message, lease: lease.lease, ending: dead('expired', subscription) });
    await work.beforeSend?.();
    return await attemptDelivery(parts, { ...work, ...lease, ...target, claim, admission, answered: () => place.leave() });
  } finally {
    place.leave();
  }
}

/** A repeat of what is settled must not take the probe that is due, of which there is one in up to fifteen minutes; nor is it one that `sweep` has sent. */
async function settledBefore({ store }: DeliverParts, { delivery }: DeliveryMessage): Promise<DeliveryOutcome | undefined> {
  const { status = 'pending' } = (await store.find(delivery)) ?? {};
  return status === 'pending' || status === 'parked' ? undefined : { kind: 'duplicate', status };
}

/** An attempt that was under way when its lane was hastened may have met the endpoint as it was before: one that was wished for is made once more then. */
async function isHastened({ store }: DeliverParts, { message: { delivery }, hastenedAt }: DeliveryWork): Promise<boolean> {
  const last = hastenedAt === undefined ? undefined : (await store.find(delivery))?.attempts.at(-1);
  return hastenedAt !== undefined && last !== undefined && Date.parse(last.time) < hastenedAt.getTime() + oldViewMs;
}

async function dueLater({ store, now }: DeliverParts, { delivery }: DeliveryMessage): Promise<Date | undefined> {
  const { nextAttemptAt = null } = (await store.find(delivery)) ?? {};
  const dueAt = nextAttemptAt === null ? undefined : new Date(nextAttemptAt);
  return dueAt !== undefined && dueAt > now() ? dueAt : undefined;
}

/**
 * Ends a delivery that failed, because something behind it got through. Not settled when another instance is at it right now.
 * Cancelled when its subscription was deleted meanwhile: nobody says any more what a letter may hold.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE
 */
export async function yieldDelivery(parts: DeliverParts, message: DeliveryMessage): Promise<DeliveryOutcome> {
  const subscription = await parts.subscriptions.find(message.subscription);
  return settleUnwanted(parts, message, isGone(subscription) ? cancelled : dead('yielded', subscription));
}

/** How a delivery ends without an attempt. Of one that is `dead` the letter is kept, for its subscription. */
type Ending =
  | { readonly outcome: { readonly kind: 'cancelled' } }
  | { readonly outcome: Extract<SettledOutcome, { kind: 'dead' }>; readonly subscription: Subscription };

type Target =
  | { readonly kind: 'unwanted'; readonly ending: Ending }
  | { readonly kind: 'held'; readonly reason: 'circuit' | 'paused' }
  | { readonly kind: 'ready'; readonly subscription: Subscription; readonly secrets: readonly string[] };

async function findTarget(parts: DeliverParts, { message, probe }: DeliveryWork): Promise<Target> {
  const subscription = await parts.subscriptions.find(message.subscription);
  if (isGone(subscription)) return { kind: 'unwanted', ending: cancelled };
  if (subscription.status === 'disabled') return { kind: 'unwanted', ending: dead('subscription-disabled', subscription) };
  if (subscription.status === 'paused') return { kind: 'held', reason: 'paused' };
  const { circuit } = subscription;
  const now = parts.now();
  const mayBeProbe = circuit !== undefined && isProbeDue(circuit, now) && (isRemoval(message.change) || !isLeftToSweep(circuit, now));
  if (circuit !== undefined && !probe && !mayBeProbe) return { kind: 'held', reason: 'circuit' };
  const context = { purpose: 'signing-secret', owner: subscription.id } as const;
  const live = liveSecrets(subscription.signingSecrets, parts.now());
  const secrets = await Promise.all(live.map(({ sealed }) => parts.secrets.open(sealed, context)));
  return { kind: 'ready', subscription, secrets };
}

/** Whatever comes along may be the probe that is due: where there is little to sweep, it is there before sweep is. */
async function admitted(parts: DeliverParts, subscription: Subscription, { probe }: DeliveryWork): Promise<Admission> {
  const { circuit } = subscription;
  if (probe && circuit !== undefined) return { kind: 'probe', since: circuit.since };
  return parts.circuits.admit(subscription, parts.now());
}

/** Also before the next attempt is due: nothing will be attempted. */
async function settleUnwanted(parts: DeliverParts, message: DeliveryMessage, ending: Ending): Promise<DeliveryOutcome> {
  const { claim, lease } = await claimed(parts, message, true);
  return claim.kind === 'claimed' ? end(parts, { message, lease, ending }) : unclaimed(parts, claim);
}

function isGone(subscription: Subscription | undefined): subscription is undefined | (Subscription & { readonly status: 'deleted' }) {
  return subscription === undefined || subscription.status === 'deleted';
}

const cancelled: Ending = { outcome: { kind: 'cancelled' } };

function dead(reason: 'expired' | 'yielded' | 'subscription-disabled', subscription: Subscription): Ending {
  return { outcome: { kind: 'dead', reason, because: reason }, subscription };
}

interface Held {
  readonly claim: Claim;
  readonly lease: string;
  readonly leaseUntil: Date;
}

async function claimed(parts: DeliverParts, message: DeliveryMessage, early: boolean): Promise<Held> {
  const lease = parts.newLease();
  const now = parts.now();
  const leaseMs = parts.attemptTimeoutMs + leaseMarginMs;
  const claim = await parts.store.claim({ message, lease, now, leaseMs, early });
  return { claim, lease, leaseUntil: new Date(now.getTime() + leaseMs) };
}

function unclaimed(parts: DeliverParts, claim: Exclude<Claim, { kind: 'claimed' }>): DeliveryOutcome {
  if (claim.kind === 'settled') return { kind: 'duplicate', status: claim.status };
  if (claim.why === 'waiting') return { kind: 'failing', dueAt: claim.until, because: 'not-yet' };
  return { kind: 'waits', waitMs: claim.until.getTime() - parts.now().getTime(), reason: 'leased' };
}

async function end(
  parts: DeliverParts,
  { message, lease, ending }: { message: DeliveryMessage; lease: string; ending: Ending },
): Promise<DeliveryOutcome> {
  const settled = await parts.store.settle({
    id: message.delivery,
    lease,
    status: ending.outcome.kind,
    ...('subscription' in ending
      ? { reason: ending.outcome.reason, letter: narrowedMessage(message, ending.subscription) }
      : { reason: 'subscription-deleted' as const }),
  });
  return settled === 'lost' ? lostClaim : ending.outcome;
}
