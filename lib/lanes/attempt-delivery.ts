import type { Subscription } from '../subscriptions/subscription.ts';
import type { ClaimedDelivery } from './claimed-delivery.ts';
import type { DeliverParts } from './deliver-parts.ts';
import type { Attempt, DeliveryReason, Settlement } from '../delivery/delivery.ts';
import { lostClaim, type DeliveryOutcome } from '../delivery/message-outcome.ts';
import { mayHaveArrived } from '../webhooks/may-have-arrived.ts';
import { narrowedMessage } from '../delivery/narrowed-message.ts';
import { nextStep, retryScheduleOf } from '../webhooks/retry-schedule.ts';
import { endTurn, takeTurn, type Turn } from './state-turn.ts';
import { tellAfterRecord, tellBeforeRecord, type EndedDelivery, type Step } from './tell-attempt.ts';
import { verdictOf, type Verdict } from '../webhooks/verdict.ts';
import { webhookBody } from '../webhooks/webhook-body.ts';
import { webhookHeaders } from '../webhooks/webhook-headers.ts';
import type { WebhookAnswer } from '../webhooks/webhook-sender.ts';

/** Between two looks at a state that is being sent for by another lane: seldom, and mostly over within one. */
const busyWaitMs = 1_000;
const failed: Verdict = { kind: 'failed', retryAfter: null };
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
  if (parts.now().getTime() + parts.attemptTimeoutMs > leaseUntil.getTime()) return giveUpLate(parts, delivery, passages);
  const body = webhookBody(message.change, subscription);
  const headers = webhookHeaders(message, { at, body, secrets: delivery.secrets, late });
  const answer = await parts.sender.send({ url: subscription.url, headers, body, timeoutMs: parts.attemptTimeoutMs });
  delivery.answered();

  const now = parts.now();
  const answeredAs = verdictOf(answer);
  // A 2xx is recorded before the guard is told, so that losing the guard now brings no repeat: what it was never told of counts as delivered.
  // A failure goes to the guard first, for the same reason: on record and untold, it would count as delivered.
  if (answeredAs.kind !== 'accepted') await endTurn(parts.guard, passages, mayHaveArrived(answer) ? 'unknown' : 'failed');
  // An attempt that is not on record is made again and again, whatever the schedule says: so it gets there also where the subscription takes no write.
  const errors: unknown[] = [];
  const kept = (error: unknown): void => void errors.push(error);
  const verdict = answeredAs.kind === 'gone' ? ((await goneOrFailed(parts, subscription, now).catch(kept)) ?? failed) : answeredAs;
  const step = stepAfter(verdict, delivery, { now, random: parts.random() });
  const ended: EndedDelivery = { answeredAs, step, now, because: wordsOf(answer) };
  await tellBeforeRecord(parts, delivery, ended).catch(kept);

  const settled = await parts.store.settle(settlementOf(delivery, { at, now, answer, step, refused: verdict.kind === 'refused' }));
  if (step.kind === 'delivered') await endTurn(parts.guard, passages, 'delivered');
  await tellAfterRecord(parts, delivery, ended);
  if (errors.length > 0) throw errors[0];
  return settled === 'lost' ? lostClaim : outcomeOf(ended);
}

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

/**
 * A 410 of an endpoint that the subscription has left meanwhile, or that its owner has enabled anew, says nothing of the one it has now.
 * Before the record: a crash between the two brings one more 410, the other way round the subscription would stay on. Where it throws, the delivery has
 * failed, and its next attempt brings the 410 again.
 */
async function goneOrFailed({ circuits }: DeliverParts, subscription: Subscription, now: Date): Promise<Verdict> {
  return (await circuits.gone(subscription, now)) === 'changed' ? failed : { kind: 'gone' };
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
 * It was stopped on its way here, for so long that an attempt could outlive its lease. Others may go on with the lane then, and send what is behind
 * it: whatever goes out after this is answered, or given up, within its lease.
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

function outcomeOf({ step, because, now }: EndedDelivery): DeliveryOutcome {
  if (step.kind === 'delivered') return { kind: 'delivered' };
  if (step.kind === 'probe-failed') return { kind: 'held', reason: 'circuit' };
  if (step.kind === 'wait') return { kind: 'failing', dueAt: new Date(now.getTime() + step.waitMs), because };
  const reason: DeliveryReason = step.kind;
  return { kind: 'dead', reason, because };
}

/** Log-safe: an error kind, `status-500`. */
function wordsOf(answer: WebhookAnswer): string {
  return answer.kind === 'failed' ? answer.error : `status-${answer.status}`;
}
