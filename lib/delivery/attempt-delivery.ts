import type { SubscriptionId } from '../subscriptions/subscription.ts';
import type { DeliverParts } from './deliver-parts.ts';
import type { Attempt, AttemptError, Claim, DeliveryMessage, Settlement } from './delivery.ts';
import { lostClaim, type MessageOutcome } from './message-outcome.ts';
import { nextStep, type NextStep } from './retry-schedule.ts';
import { endTurn, takeTurn, type Turn } from './state-turn.ts';
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
  readonly leaseUntil: Date;
  readonly claim: Extract<Claim, { kind: 'claimed' }>;
  readonly subscription: ReadySubscription;
}

/** Between two looks at a state that is being sent for by another lane: seldom, and mostly over within one. */
const busyWaitMs = 1_000;

/**
 * Makes one attempt of a delivery that is ours and records it; none when its state has moved further or is being sent for.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE, SECRET_UNREADABLE
 */
export async function attemptDelivery(parts: DeliverParts, delivery: ClaimedDelivery): Promise<MessageOutcome> {
  const { message, lease, leaseUntil, claim, subscription } = delivery;
  const at = parts.now();
  const body = Buffer.from(JSON.stringify(message.change), 'utf8');
  const headers = webhookHeaders(message, { at, body, secrets: subscription.secrets });
  const turn = await takeTurn(parts.guard, { message, lease, now: at, until: leaseUntil });
  if (turn.kind !== 'open') return settleUntried(parts, delivery, turn);
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
  // A 2xx is recorded before the guard is told, so that losing the guard now brings no repeat: what it was never told of counts as delivered.
  // A failure goes to the guard first, for the same reason: on record and untold, it would count as delivered.
  if (step.kind !== 'delivered') await endTurn(parts.guard, turn.passages, mayHaveArrived(answer) ? 'unknown' : 'failed');
  // Before the record: a crash between the two brings one more 410, the other way round the subscription would stay on.
  if (step.kind === 'gone') await parts.subscriptions.disable(subscription.id, now);

  const settlement: Settlement = { id: message.delivery, lease, attempt: attemptOf(at, answer), refused, ...recordOf(step, now) };
  const settled = await parts.store.settle(settlement);
  if (step.kind === 'delivered') await endTurn(parts.guard, turn.passages, 'delivered');
  return settled === 'lost' ? lostClaim : outcomeOf(step, answer);
}

/** Failures after which the request may be with the receiver all the same. */
const unheard: readonly AttemptError[] = ['timeout', 'connection-reset', 'invalid-response', 'unknown'];

function mayHaveArrived(answer: WebhookAnswer): boolean {
  return answer.kind === 'failed' && unheard.includes(answer.error);
}

async function settleUntried(
  parts: DeliverParts,
  { message, lease }: ClaimedDelivery,
  turn: Exclude<Turn, { kind: 'open' }>,
): Promise<MessageOutcome> {
  const record = { id: message.delivery, lease };
  if (turn.kind === 'superseded') return (await parts.store.settle({ ...record, status: 'superseded' })) === 'lost' ? lostClaim : turn;
  const now = parts.now();
  const waitMs = Math.min(Math.max(turn.until.getTime() - now.getTime(), 1), busyWaitMs);
  const settled = await parts.store.settle({ ...record, status: 'pending', nextAttemptAt: new Date(now.getTime() + waitMs) });
  return settled === 'lost' ? lostClaim : { kind: 'waits', waitMs, reason: 'state-busy' };
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
