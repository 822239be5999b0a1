import type { SubscriptionId } from '../subscriptions/subscription.ts';
import type { DeliverParts } from './deliver-parts.ts';
import type { Attempt, Claim, DeliveryMessage, Settlement } from './delivery.ts';
import { lostClaim, type MessageOutcome } from './message-outcome.ts';
import { nextStep, type NextStep } from './retry-schedule.ts';
import { verdictOf } from './verdict.ts';
import { webhookHeaders } from './webhook-headers.ts';
import type { WebhookAnswer } from './webhook-sender.ts';

/** A subscription that may be sent to, its secrets opened, newest first. */
export interface ReadySubscription {
  readonly kind: 'ready';
  readonly id: SubscriptionId;
  readonly url: string;
  readonly secrets: readonly string[];
}

export interface ClaimedDelivery {
  readonly message: DeliveryMessage;
  readonly lease: string;
  readonly claim: Extract<Claim, { kind: 'claimed' }>;
  readonly subscription: ReadySubscription;
}

/**
 * Makes one attempt of a delivery that is ours and records it.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE, SECRET_UNREADABLE
 */
export async function attemptDelivery(
  parts: DeliverParts,
  { message, lease, claim, subscription }: ClaimedDelivery,
): Promise<MessageOutcome> {
  const at = parts.now();
  const body = Buffer.from(JSON.stringify(message.change), 'utf8');
  const headers = webhookHeaders(message, { at, body, secrets: subscription.secrets });
  const answer = await parts.sender.send({ url: subscription.url, headers, body, timeoutMs: parts.attemptTimeoutMs });

  const verdict = verdictOf(answer);
  const refused = verdict.kind === 'refused';
  const now = parts.now();
  const step = nextStep(verdict, {
    attempts: claim.attempts + 1,
    refusals: claim.refusals + (refused ? 1 : 0),
    now,
    random: parts.random(),
  });
  // Before the record: a crash between the two brings one more 410, the other way round the subscription would stay on.
  if (step.kind === 'gone') await parts.subscriptions.disable(subscription.id, now);

  const settlement: Settlement = { id: message.delivery, lease, attempt: attemptOf(at, answer), refused, ...recordOf(step, now) };
  return (await parts.store.settle(settlement)) === 'lost' ? lostClaim : outcomeOf(step, answer);
}

function attemptOf(at: Date, answer: WebhookAnswer): Attempt {
  const failed = answer.kind === 'failed';
  return {
    time: at.toISOString(),
    status: failed ? null : answer.status,
    latencyMs: answer.latencyMs,
    error: failed ? answer.error : null,
  };
}

function recordOf(step: NextStep, now: Date): Pick<Settlement, 'status' | 'nextAttemptAt'> {
  if (step.kind === 'wait') return { status: 'pending', nextAttemptAt: new Date(now.getTime() + step.waitMs) };
  return { status: step.kind === 'delivered' ? 'delivered' : 'dead' };
}

function outcomeOf(step: NextStep, answer: WebhookAnswer): MessageOutcome {
  if (step.kind === 'delivered') return { kind: 'delivered' };
  const reason = answer.kind === 'failed' ? answer.error : `status-${answer.status}`;
  return step.kind === 'wait' ? { kind: 'waits', waitMs: step.waitMs, reason } : { kind: 'dead', reason };
}
