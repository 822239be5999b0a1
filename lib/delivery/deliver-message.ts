import { attemptDelivery, type ReadySubscription } from './attempt-delivery.ts';
import type { DeliverParts } from './deliver-parts.ts';
import type { DeliveryMessage } from './delivery.ts';
import { lostClaim, type MessageOutcome } from './message-outcome.ts';
import { readDeliveryMessage } from './read-delivery-message.ts';

/** On top of an attempt's timeout: passing the stale guard, writing the outcome, each with its retries, and clocks that are a little off. */
const leaseMarginMs = 15_000;

/**
 * Works one message of `deliveries.fifo`: claims its delivery and makes one attempt.
 *
 * What can fail for reasons of our own (subscription, keys) is done before the claim, so that an outage leaves no lease
 * behind. A crash between the subscriber's 2xx and its record leaves the lease to run out and the delivery to be repeated
 * with the same `webhook-id`: at least once.
 * @throws RelayError when our infrastructure fails; the message is then still owed.
 */
export async function deliverMessage(parts: DeliverParts, body: string): Promise<MessageOutcome> {
  const read = readDeliveryMessage(body, parts.now());
  if (read.kind === 'unreadable') {
    await parts.quarantine.keep(read.entry);
    return { kind: 'quarantined' };
  }
  const { message } = read;
  const target = await findTarget(parts, message);

  const lease = parts.newLease();
  const now = parts.now();
  const leaseMs = parts.attemptTimeoutMs + leaseMarginMs;
  const claim = await parts.store.claim({ message, lease, now, leaseMs });
  if (claim.kind === 'settled') return { kind: 'duplicate' };
  if (claim.kind === 'not-yet') return { kind: 'waits', waitMs: claim.until.getTime() - parts.now().getTime(), reason: 'not-yet' };
  const leaseUntil = new Date(now.getTime() + leaseMs);
  if (target.kind === 'ready') return attemptDelivery(parts, { message, lease, leaseUntil, claim, subscription: target });
  return settleUnsent(parts, { message, lease, target });
}

type Target = { readonly kind: 'deleted' } | { readonly kind: 'disabled' } | ReadySubscription;

async function findTarget(parts: DeliverParts, message: DeliveryMessage): Promise<Target> {
  const subscription = await parts.subscriptions.find(message.subscription);
  if (subscription === undefined) return { kind: 'deleted' };
  if (subscription.status !== 'active') return { kind: 'disabled' };
  const context = { purpose: 'signing-secret', owner: subscription.id } as const;
  const secrets = await Promise.all(subscription.signingSecrets.map(({ sealed }) => parts.secrets.open(sealed, context)));
  return { kind: 'ready', id: subscription.id, url: subscription.url, secrets };
}

interface Unsent {
  readonly message: DeliveryMessage;
  readonly lease: string;
  readonly target: Exclude<Target, ReadySubscription>;
}

async function settleUnsent(parts: DeliverParts, { message, lease, target }: Unsent): Promise<MessageOutcome> {
  const outcome: MessageOutcome = target.kind === 'deleted' ? { kind: 'cancelled' } : { kind: 'dead', reason: 'subscription-disabled' };
  const settled = await parts.store.settle({ id: message.delivery, lease, status: outcome.kind });
  return settled === 'lost' ? lostClaim : outcome;
}
