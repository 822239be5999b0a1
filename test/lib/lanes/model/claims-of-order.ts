import { nameOf, type Accepted, type History, type Sent } from './history.ts';
import type { Simulation } from './simulation.ts';

/** Within a lane, nothing goes out after something behind it was delivered; nor before what stands before it, but on behalf of a removal. */
export function overtaking({ history, subscriptions }: Simulation, sent: Sent): string[] {
  const own = history.accepted.get(sent.message.delivery);
  const ordering = subscriptions.find(({ id }) => id === sent.message.subscription)?.ordering;
  if (own === undefined || ordering === 'none' || sent.stoppedSince.claim) return [];
  const others = [...history.accepted.values()].filter(({ lane }) => lane === own.lane);
  const passed = others
    .filter(({ position }) => position > own.position)
    .filter(({ message }) => isBefore(history.recorded.get(message.delivery), sent, 'delivered'))
    .map(({ message }) => `${nameOf(sent.message)} went out after ${nameOf(message)}, which was behind it`);
  const waiting = sent.stoppedSince.look
    ? []
    : others
        .filter(({ position }) => position < own.position)
        .filter(({ message }) => !isBefore(history.recorded.get(message.delivery), sent))
        .filter(({ message }) => !mayOvertake(history, sent, { own, head: message }))
        .map(({ message }) => `${nameOf(sent.message)} went out before ${nameOf(message)}, which waited before it`);
  return [...passed, ...waiting];
}

/** What stands at or before a removal that waits in the lane need not wait for what was tried before it: docs/decisions, 15. */
function mayOvertake({ sent }: History, one: Sent, { own, head }: { own: Accepted; head: Sent['message'] }): boolean {
  return one.removalAt >= own.position && sent.some(({ message, order }) => message.delivery === head.delivery && order < one.order);
}

/** What yielded had been tried before something behind it, that was let ahead for a removal, and got through. */
export function hasYielded({ sent, accepted, recorded }: History, { message, lane, position }: Accepted): boolean {
  const order = recorded.get(message.delivery)?.order ?? Infinity;
  const firstTry = sent.find((one) => one.message.delivery === message.delivery)?.order ?? Infinity;
  return sent.some((one) => {
    const other = accepted.get(one.message.delivery);
    if (other?.lane !== lane || other.position <= position || one.end !== 'accepted') return false;
    return one.order > firstTry && one.removalAt >= other.position && isBefore(recorded.get(one.message.delivery), { order }, 'delivered');
  });
}

function isBefore(record: ReturnType<History['recorded']['get']>, { order }: Pick<Sent, 'order'>, status = record?.status): boolean {
  return record !== undefined && record.order < order && record.status === status;
}

/** No request after the delivery's end was written down, nor, where nothing was interrupted, after it was accepted; every repeat under the same id. */
export function repeats({ history }: Simulation, { message, order, atMs, webhookId, stoppedSince, interruptions }: Sent): string[] {
  const record = history.recorded.get(message.delivery);
  const isLate = record !== undefined && record.order < order && !stoppedSince.claim;
  // Between the two, or shortly before, a process may have died with the answer in hand.
  const isTaken = history
    .sendsOf(message.delivery)
    .filter((one) => one.end === 'accepted' && one.order < order && one.endedAtMs <= atMs)
    .some((one) => one.isCalm && one.interruptions === interruptions);
  return [
    ...(isTaken ? [`${nameOf(message)} went out although it was accepted before`] : []),
    ...(isLate ? [`${nameOf(message)} went out although it was ${record.status}`] : []),
    ...(webhookId === message.change.id ? [] : [`${nameOf(message)} went out as ${webhookId}`]),
  ];
}
