import type { Subscription } from '../subscriptions/subscription.ts';
import type { Admission } from '../pacing/circuits.ts';
import type { DeliverParts } from './deliver-parts.ts';
import type { Attempt, AttemptError, Claim, DeliveryMessage, DeliveryReason, Settlement } from '../delivery/delivery.ts';
import { isRemoval } from './is-removal.ts';
import { lostClaim, type DeliveryOutcome } from '../delivery/message-outcome.ts';
import { narrowedMessage } from '../delivery/narrowed-message.ts';
import { nextStep, retryScheduleOf, type NextStep } from '../webhooks/retry-schedule.ts';
import { endTurn, takeTurn, type Turn } from './state-turn.ts';
import { verdictOf, type Verdict } from '../webhooks/verdict.ts';
import { webhookBody } from '../webhooks/webhook-body.ts';
import { webhookHeaders } from '../webhooks/webhook-headers.ts';
import type { WebhookAnswer } from '../webhooks/webhook-sender.ts';

export interface ClaimedDelivery {
  readonly message: DeliveryMessage;
  readonly group: string;
  readonly lease: string;
  readonly leaseUntil: Date;
  readonly claim: Extract<Claim, { kind: 'claimed' }>;
  readonly subscription: Subscription;
  /** Of the subscription, opened, newest first. */
  readonly secrets: readonly string[];
  readonly admission: Admitted;
  /** The request is over: what comes after it keeps nobody else from beginning one. */
  readonly answered: () => void;
}

/** How the circuit let it through. With `probe` it is sent to find out whether the endpoint is back: a failure does not count. */
export type Admitted = Exclude<Admission, { kind: 'open' }>;

/** Between two looks at a state that is being sent for by another lane: seldom, and mostly over within one. */
const busyWaitMs = 1_000;
/** A wait up to this long is spent in the queue, any longer one in the lane store. The schedule's first is 5 s. */
export const longestQueueWaitMs = 6_000;

/**
 * Makes one attempt of a delivery that is ours and records it; none when its state has moved further or is being sent for.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE, SUBSCRIPTION_STORE_UNAVAILABLE, SECRET_UNREADABLE
 */
export async function attemptDelivery(parts: DeliverParts, delivery: ClaimedDelivery): Promise<DeliveryOutcome> {
  const { message, lease, leaseUntil, subscription } = delivery;
  const at = parts.now();
  const turn = await takeTurn(parts.guard, { message, lease, now: at, until: leaseUntil });
  // Late on request: the guard is not told, for what is newer is delivered already.
  const late = turn.kind === 'superseded' && subscription.stale === 'late';
  if (turn.kind !== 'open' && !late) return settleUntried(parts, delivery, turn);
  const passages = turn.kind === 'open' ? turn.passages : [];
  if (parts.now() >= leaseUntil) return giveUpLate(parts, delivery, passages);
  const body = webhookBody(message.change, subscription);
  const headers = webhookHeaders(message, { at, body, secrets: delivery.secrets, late });
  const answer = await parts.sender.send({ url: subscription.url, headers, body, timeoutMs: parts.attemptTimeoutMs });
  delivery.answered();

  const now = parts.now();
  const verdict = verdictOf(answer);
  const step = stepAfter(verdict, delivery, { now, random: parts.random() });
  // A 2xx is recorded before the guard is told, so that losing the guard now brings no repeat: what it was never told of counts as delivered.
  // A failure goes to the guard first, for the same reason: on record and untold, it would count as delivered.
  if (step.kind !== 'delivered') await endTurn(parts.guard, passages, mayHaveArrived(answer) ? 'unknown' : 'failed');
  // Before the record: a crash between the two brings one more 410, the other way round the subscription would stay on.
  if (step.kind === 'gone') await parts.circuits.gone(subscription.id, now);

  const settled = await parts.store.settle(settlementOf(delivery, { at, now, answer, step, refused: verdict.kind === 'refused' }));
  if (step.kind === 'delivered') await endTurn(parts.guard, passages, 'delivered');
  await tell(parts, delivery, { verdict, step, now });
  return settled === 'lost' ? lostClaim : outcomeOf(step, { answer, now });
}

type Step = NextStep | { readonly kind: 'probe-failed' };

function stepAfter(
  verdict: Verdict,
  { claim, admission, subscription }: ClaimedDelivery,
  { now, random }: { now: Date; random: number },
): Step {
  // A refusal counts in a probe as well: else one change that is refused for ever would stay the probe until the subscription is given up.
  if (admission.kind === 'probe' && verdict.kind === 'failed') return { kind: 'probe-failed' };
  const refusals = claim.refusals + (verdict.kind === 'refused' ? 1 : 0);
  return nextStep(verdict, { attempts: claim.attempts + 1, refusals, now, random, schedule: retryScheduleOf(subscription) });
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
): Promise<DeliveryOutcome> {
  const record = { id: message.delivery, lease };
  if (turn.kind === 'superseded') return (await parts.store.settle({ ...record, status: 'superseded' })) === 'lost' ? lostClaim : turn;
  const now = parts.now();
  const waitMs = Math.min(Math.max(turn.until.getTime() - now.getTime(), 1), busyWaitMs);
  const settled = await parts.store.settle({ ...record, status: 'pending' });
  return settled === 'lost' ? lostClaim : { kind: 'waits', waitMs, reason: 'state-busy' };
}

/**
 * It was stopped on its way here, for so long that its lease is over. Others may have gone on with the lane since, and sent what is behind it, or be
 * about to: whatever goes out after this went out within its lease.
 */
async function giveUpLate(
  parts: DeliverParts,
  { message, lease }: ClaimedDelivery,
  passages: Extract<Turn, { kind: 'open' }>['passages'],
): Promise<DeliveryOutcome> {
  await endTurn(parts.guard, passages, 'failed');
  const settled = await parts.store.settle({ id: message.delivery, lease, status: 'pending' });
  return settled === 'lost' ? lostClaim : { kind: 'waits', waitMs: busyWaitMs, reason: 'lease-over' };
}

interface Made {
  readonly at: Date;
  readonly now: Date;
  readonly answer: WebhookAnswer;
  readonly step: Step;
  readonly refused: boolean;
}

function settlementOf({ message, lease, subscription }: ClaimedDelivery, { at, now, answer, step, refused }: Made): Settlement {
  const probe = step.kind === 'probe-failed';
  const attempt: Attempt = {
    time: at.toISOString(),
    status: answer.kind === 'failed' ? null : answer.status,
    latencyMs: answer.latencyMs,
    error: answer.kind === 'failed' ? answer.error : null,
    ...(answer.kind === 'answered' && answer.excerpt !== undefined ? { answer: answer.excerpt } : {}),
    ...(probe ? { probe } : {}),
  };
  const made = { id: message.delivery, lease, attempt, refused };
  if (step.kind === 'delivered') return { ...made, status: 'delivered' };
  if (step.kind === 'probe-failed') return { ...made, status: 'parked' };
  if (step.kind !== 'wait') return { ...made, status: 'dead', reason: step.kind, letter: narrowedMessage(message, subscription) };
  const status = step.waitMs <= longestQueueWaitMs ? 'pending' : 'parked';
  return { ...made, status, nextAttemptAt: new Date(now.getTime() + step.waitMs) };
}

/** What the rest of the relay learns from an attempt, once it is on record. */
async function tell(
  parts: DeliverParts,
  { message, group, subscription, admission }: ClaimedDelivery,
  { verdict, step, now }: { verdict: Verdict; step: Step; now: Date },
): Promise<void> {
  if (step.kind === 'delivered') measure(parts, message, now);
  if (step.kind === 'exhausted') await parts.circuits.exhausted(subscription.id, now);
  if (verdict.kind !== 'gone') await parts.circuits.noteAttempt(subscription, { group, verdict: verdict.kind, now, admission });
}

/** What is sent again on request is as old as it is, and says nothing about the relay. */
function measure({ metrics }: DeliverParts, message: DeliveryMessage, now: Date): void {
  if (message.replay !== undefined) return;
  const latencyMs = Math.max(0, now.getTime() - Date.parse(message.change.time));
  metrics.time('DeliveryLatencyMs', latencyMs, { Subscription: message.subscription });
  if (isRemoval(message)) metrics.time('RemovalLatencyMs', latencyMs, { Subscription: message.subscription });
}

function outcomeOf(step: Step, { answer, now }: { answer: WebhookAnswer; now: Date }): DeliveryOutcome {
  if (step.kind === 'delivered') return { kind: 'delivered' };
  if (step.kind === 'probe-failed') return { kind: 'held', reason: 'circuit' };
  const because = answer.kind === 'failed' ? answer.error : `status-${answer.status}`;
  if (step.kind === 'wait') return { kind: 'failing', dueAt: new Date(now.getTime() + step.waitMs), because };
  const reason: DeliveryReason = step.kind;
  return { kind: 'dead', reason, because };
}
