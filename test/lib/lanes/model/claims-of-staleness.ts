import { nameOf, type History, type Sent } from './history.ts';
import type { Simulation } from './simulation.ts';

const isSilent = (message: Sent['message']): boolean => message.replay?.full === true || message.change.statekey === undefined;
const personOf = ({ change }: Sent['message']): string => /^users\/[^/]+/.exec(change.statekey ?? '')?.[0] ?? '';

/** Nothing is sent of a state after something newer of it may have arrived; nothing of a person, from before their deletion. */
export function staleness({ history }: Simulation, sent: Sent): string[] {
  if (isSilent(sent.message) || sent.late || sent.stoppedSince.turn) return [];
  const { message } = sent;
  return newerThan(history.sent, message)
    .filter((newer) => newer.order < sent.order && !newer.late)
    .filter((newer) =>
      newer.message.change.statekey === message.change.statekey
        ? newer.mayHaveArrived || newer.endedAtMs > sent.atMs
        : newer.atMs < sent.claimedAtMs && !sent.stoppedSince.claim && newer.mayHaveArrived,
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

/**
 * Whether something newer of its state, or the deletion of its person, may have arrived by then. Where something was interrupted, what was begun and
 * not undone counts as arrived: its process may have died before its request, or with the answer in hand.
 */
export function hasNewer({ sent, begun, interruptions }: History, message: Sent['message'], order: number): boolean {
  const { subscription, change } = message;
  if (newerThan(sent, message).some((newer) => newer.order < order && newer.mayHaveArrived)) return true;
  const states = [change.statekey, `${personOf(message)}#deleted`];
  return (
    interruptions > 0 &&
    begun
      .filter((one) => one.subscription === subscription && states.includes(one.stateKey) && one.sequence > change.sequence)
      .some((newer) => newer.order < order && newer.undoneOrder > order)
  );
}
