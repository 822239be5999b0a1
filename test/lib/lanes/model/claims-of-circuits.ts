import { isRemoval, nameOf, type Accepted, type Sent } from './history.ts';
import type { Simulation } from './simulation.ts';

const isAnswer = (end: Sent['end']): boolean => end === 'accepted' || end === 'gone' || end === 'refused';

/** Probes are taken 45 s apart at least; on its way through the queue one may lose some of that. */
const nearMs = 15_000;

/** A batch that was lost, also before the circuit opened, hides its lane's messages for six minutes: then a probe arrives together with the next. */
function areTwoAtOnce(probes: readonly Sent[]): boolean {
  return probes.some(({ atMs, isCalm }, index) => isCalm && index > 0 && atMs - (probes[index - 1]?.atMs ?? 0) < nearMs);
}

/** Of one opening: without what was sent because the head of its lane had just failed, and a removal waits there. One such request follows a probe. */
function probesOf({ history }: Simulation, sent: readonly Sent[]): Sent[] {
  const lastOf = new Map<string, { readonly one: Sent; readonly isSecond: boolean }>();
  return sent.filter((one) => {
    const own = history.accepted.get(one.message.delivery);
    // Two lanes may be at it at once, where a process went on after it was stopped.
    const last = lastOf.get(own?.lane ?? '');
    const waits = [...history.accepted.values()].some(
      (other) => other.lane === own?.lane && other.position >= own.position && isRemoval(other),
    );
    const before = last?.one;
    const follows =
      before !== undefined && before.end !== 'accepted' && before.endedAtMs <= one.atMs && one.atMs - before.endedAtMs < 30_000;
    const isSecond = last?.isSecond !== true && follows && waits;
    lastOf.set(own?.lane ?? '', { one, isSecond });
    return !isSecond;
  });
}

/**
 * While a circuit is open, one request for each probe that was taken, and one more for a lane where a removal waits behind what has failed; no probe
 * uses up an attempt.
 */
export function brokenCircuits(simulation: Simulation, accepted: readonly Accepted[]): string[] {
  const { history, observed } = simulation;
  const beyond = history.openings
    .map(({ sent, ...opening }) => ({ ...opening, made: probesOf(simulation, sent) }))
    .filter(({ made, probes, interruptions }) => made.length > probes + interruptions || areTwoAtOnce(made))
    .map(
      ({ subscription, made, probes }) =>
        `${made.length} requests to ${subscription.slice(-1)} while its circuit was open, for ${probes} probes`,
    );
  const charged = accepted.flatMap(({ message }) => {
    const counted = (observed.deliveries.rows.get(message.delivery)?.attempts ?? []).filter(({ probe }) => probe !== true).length;
    // An answer about the change counts, whatever it was sent for.
    const mayCount = history.sendsOf(message.delivery).filter(({ opening, end }) => opening === undefined || isAnswer(end)).length;
    return counted > mayCount ? [`a probe of ${nameOf(message)} was counted`] : [];
  });
  return [...beyond, ...charged];
}
