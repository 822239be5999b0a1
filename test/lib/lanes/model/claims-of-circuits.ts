import { isRemoval, nameOf, type Accepted, type Sent } from './history.ts';
import type { Simulation } from './simulation.ts';

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
export function brokenCircuits(simulation: Simulation, accepted: readonly Accepted[]): string[] {
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
