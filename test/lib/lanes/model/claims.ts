import { longestAttemptLog } from '#lib/delivery/delivery.ts';
import { failureSchedule } from '#lib/webhooks/retry-schedule.ts';
import type { Accepted, Sent } from './history.ts';
import { nameOf } from './history.ts';
import type { Simulation } from './simulation.ts';

/** What the design promises of delivering, checked on all that happened. Answers what is broken, in words. */
export function brokenClaims(simulation: Simulation, ended: boolean): string[] {
  const accepted = [...simulation.history.accepted.values()];
  return [
    ...(ended ? [] : ['it never comes to an end']),
    ...simulation.history.unexpected.map((text) => `unexpected: ${text}`),
    ...owed(simulation, accepted),
    ...accepted.flatMap((one) => reasons(simulation, one)),
    ...simulation.history.sent.flatMap((sent) => [
      ...overtaking(simulation, sent),
      ...staleness(simulation, sent),
      ...repeats(simulation, sent),
    ]),
    ...circuits(simulation, accepted),
    ...limits(simulation),
  ];
}

/** No loss: everything is settled, and nothing waits anywhere. */
function owed({ history, observed, queues }: Simulation, accepted: readonly Accepted[]): string[] {
  const lost = accepted.filter(({ message }) => !history.recorded.has(message.delivery)).map(({ message }) => `lost: ${nameOf(message)}`);
  const lanes = [...observed.laneRows.lanes.values()].map(({ group }) => `lane ${group.slice(0, 4)} is parked for ever`);
  const waiting = queues.deliveries.size + queues.replayDeliveries.size;
  return [...lost, ...lanes, ...(waiting === 0 ? [] : [`${waiting} messages are in the queues`])];
}

const lifetimeMs = 7 * 24 * 60 * 60_000;

/** Each end has happened for what it says. */
function reasons({ history, observed, time, subscriptions }: Simulation, { message, lane, position }: Accepted): string[] {
  const row = observed.deliveries.rows.get(message.delivery);
  if (row === undefined) return [];
  const sends = history.sendsOf(message.delivery);
  const behind = [...history.accepted.values()].filter((other) => other.lane === lane && other.position > position);
  const counted = row.attempts.filter(({ probe }) => probe !== true);
  const refusals = counted.filter(({ status }) => status !== null && [400, 404, 409, 413, 422].includes(status));
  const schedule = scheduleOf(subscriptions, message.subscription);
  const holds = (): boolean => {
    if (row.status === 'delivered') return sends.some(({ end }) => end === 'accepted');
    if (row.status === 'cancelled') return history.deleted.has(message.subscription);
    if (row.status === 'superseded') return history.interruptions > 0 || hasNewer(history.sent, message);
    switch (row.reason) {
      case 'gone':
        return sends.some(({ end }) => end === 'gone');
      case 'subscription-disabled':
        return history.disabled.has(message.subscription);
      case 'expired':
        return time.nowMs - Date.parse(row.createdAt) > lifetimeMs;
      case 'exhausted':
        // A log that is full keeps no more than its newest attempt of those that followed: then what went out has to tell.
        if (row.attempts.length >= longestAttemptLog)
          return sends.length >= schedule || sends.filter(({ end }) => end === 'refused').length >= 3;
        return counted.length === schedule || refusals.length === 3;
      case 'yielded':
        return (
          sends.length > 0 &&
          behind.some((other) => isRemoval(other)) &&
          behind.some((other) => history.recorded.get(other.message.delivery)?.status === 'delivered')
        );
      default:
        return false;
    }
  };
  return [
    ...(holds() ? [] : [`${nameOf(message)} is ${row.status} ${row.reason ?? ''} for no reason`]),
    ...(counted.length > schedule ? [`${nameOf(message)} was attempted ${counted.length} times`] : []),
  ];
}

function scheduleOf(subscriptions: Simulation['subscriptions'], id: string): number {
  const retrySeconds = subscriptions.find((one) => one.id === id)?.retrySeconds;
  return retrySeconds === undefined ? failureSchedule.length : retrySeconds.length + 1;
}

const removals = ['identity.user.deactivated', 'identity.user.deleted', 'identity.group.member_removed'];
const isRemoval = ({ message }: Pick<Accepted, 'message'>): boolean => removals.includes(message.change.type);

/** Within a lane, nothing goes out after something behind it was delivered. */
function overtaking({ history, subscriptions }: Simulation, sent: Sent): string[] {
  const own = history.accepted.get(sent.message.delivery);
  const ordering = subscriptions.find(({ id }) => id === sent.message.subscription)?.ordering;
  if (own === undefined || ordering === 'none' || sent.stoppedSince.claim) return [];
  return [...history.accepted.values()]
    .filter(({ lane, position }) => lane === own.lane && position > own.position)
    .filter(({ message }) => {
      const record = history.recorded.get(message.delivery);
      return record?.status === 'delivered' && record.order < sent.order;
    })
    .map(({ message }) => `${nameOf(sent.message)} went out after ${nameOf(message)}, which was behind it`);
}

const isSilent = (message: Sent['message']): boolean => message.replay?.full === true || message.change.statekey === undefined;
const mayHaveArrived = ({ end }: Sent): boolean => end !== 'failed' && end !== 'refused' && end !== 'gone';
const personOf = ({ change }: Sent['message']): string => /^users\/[^/]+/.exec(change.statekey ?? '')?.[0] ?? '';

/** Nothing is sent of a state after something newer of it may have arrived; nothing of a person, from before their deletion. */
function staleness({ history }: Simulation, sent: Sent): string[] {
  if (isSilent(sent.message) || sent.late || sent.stoppedSince.turn) return [];
  const { message } = sent;
  return newerThan(history.sent, message)
    .filter((newer) => newer.order < sent.order && !newer.late)
    .filter((newer) =>
      newer.message.change.statekey === message.change.statekey
        ? mayHaveArrived(newer) || newer.endedAtMs > sent.atMs
        : newer.atMs < sent.claimedAtMs && !sent.stoppedSince.claim && mayHaveArrived(newer),
    )
    .map((newer) => `${nameOf(message)} is stale: ${nameOf(newer.message)} went out before it`);
}

function newerThan(all: readonly Sent[], { subscription, change, delivery }: Sent['message']): Sent[] {
  return all
    .filter(({ message }) => message.subscription === subscription && message.delivery !== delivery && !isSilent(message))
    .filter(({ message }) => message.change.sequence > change.sequence)
    .filter(
      ({ message }) =>
        message.change.statekey === change.statekey ||
        (message.change.type === 'identity.user.deleted' && personOf(message) === personOf({ change } as Sent['message'])),
    );
}

function hasNewer(all: readonly Sent[], message: Sent['message']): boolean {
  return newerThan(all, message).some(mayHaveArrived);
}

/** No request after the delivery's end was written down; every repeat under the same id. */
function repeats({ history }: Simulation, { message, order, webhookId, stoppedSince }: Sent): string[] {
  const record = history.recorded.get(message.delivery);
  const isLate = record !== undefined && record.order < order && !stoppedSince.claim;
  return [
    ...(isLate ? [`${nameOf(message)} went out although it was ${record.status}`] : []),
    ...(webhookId === message.change.id ? [] : [`${nameOf(message)} went out as ${webhookId}`]),
  ];
}

const isAnswer = (end: Sent['end']): boolean => end === 'accepted' || end === 'gone' || end === 'refused';

/**
 * Probes are two minutes apart at least; on its way through the queue one may lose some of that. A batch that was lost, also one before the circuit
 * opened, hides its lane's messages for six minutes: then a probe arrives together with the next, and each makes its own request.
 */
function areTwoAtOnce(atMs: readonly number[]): boolean {
  return atMs.some((one, index) => index > 0 && one - (atMs[index - 1] ?? 0) < 30_000);
}

/** Of one opening: without what was sent because the head of its lane had just failed, and a removal waits there. One such request follows a probe. */
function probesOf({ history }: Simulation, sent: readonly Sent[]): Sent[] {
  const firsts: Sent[] = [];
  let isSecond = false;
  for (const [index, one] of sent.entries()) {
    const before = sent[index - 1];
    const own = history.accepted.get(one.message.delivery);
    const head = before === undefined ? undefined : history.accepted.get(before.message.delivery);
    const waits = [...history.accepted.values()].some(
      (other) => other.lane === own?.lane && other.position >= own.position && isRemoval(other),
    );
    const follows =
      before !== undefined && before.end !== 'accepted' && before.endedAtMs <= one.atMs && one.atMs - before.endedAtMs < 30_000;
    isSecond = !isSecond && follows && waits && head?.lane === own?.lane;
    if (!isSecond) firsts.push(one);
  }
  return firsts;
}

/**
 * While a circuit is open, one request for each probe that was taken, and one more for a lane where a removal waits behind what has failed; no probe
 * uses up an attempt.
 */
function circuits(simulation: Simulation, accepted: readonly Accepted[]): string[] {
  const { history, observed } = simulation;
  const beyond = history.openings
    .map(({ sent, ...opening }) => ({ ...opening, sentAtMs: probesOf(simulation, sent).map(({ atMs }) => atMs) }))
    .filter(
      ({ sentAtMs, probes, interruptions }) =>
        sentAtMs.length > probes + interruptions || (history.interruptions === 0 && areTwoAtOnce(sentAtMs)),
    )
    .map(
      ({ subscription, sentAtMs, probes }) =>
        `${sentAtMs.length} requests to ${subscription.slice(-1)} while its circuit was open, for ${probes} probes`,
    );
  const charged = accepted.flatMap(({ message }) => {
    const counted = (observed.deliveries.rows.get(message.delivery)?.attempts ?? []).filter(({ probe }) => probe !== true).length;
    // An answer about the change counts, whatever it was sent for.
    const mayCount = history.sendsOf(message.delivery).filter(({ opening, end }) => opening === undefined || isAnswer(end)).length;
    return counted > mayCount ? [`a probe of ${nameOf(message)} was counted`] : [];
  });
  return [...beyond, ...charged];
}

/** Where nothing went wrong with leases, no more are under way than allowed. */
function limits({ history, subscriptions }: Simulation): string[] {
  if (history.interruptions > 0) return [];
  return subscriptions
    .filter(({ id, limits: own }) => (history.busiest.get(id) ?? 0) > (own?.concurrency ?? Infinity))
    .map(({ id }) => `${history.busiest.get(id)} requests to ${id.slice(-1)} at once`);
}
