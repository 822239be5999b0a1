import type { DeliveryMessage } from '../delivery/delivery.ts';
import type { GuardedState, Passage, PassageEnd, StaleGuard, Standing } from './stale-guard.ts';

export type Turn = { readonly kind: 'open'; readonly passages: readonly Passage[] } | Exclude<Standing, { kind: 'open' }>;

export interface TurnRequest {
  readonly message: DeliveryMessage;
  /** Of the delivery's claim; the turn ends with it. */
  readonly lease: string;
  readonly now: Date;
  readonly until: Date;
}

/** A state key of a person: the person, and what of them. */
const personal = /^(users\/[^/]+)\/(.+)$/;

/**
 * Asks the stale guard whether a change may be sent now. Facts, which have no state key, always may, and cost nothing; so may what a
 * replay brings in full, of which the guard is not told either: old state that was asked for must not count as the state of today.
 *
 * A deletion ends every state of its person, so it passes a second state as well, the tombstone, and every other change of that person
 * looks at it: a membership, an assignment or a lock from before the deletion must not bring back, in part, whom it took away.
 * What is newer than the deletion passes (removals that Okta logs after it). The mark in the tombstone's key occurs in no state key.
 *
 * Within a lane nothing of a person is sent beside their deletion. In other groups of the queue (replay, ordering `none`) a change that has
 * looked already may still be in flight while the deletion is answered; receivers keep the same contract.
 *
 * Cost per attempt of a change with a state key: one conditional write here and one in `endTurn`, and one consistent read where it
 * is a person's and not their status. A read and a write alone would leave the check and the request apart; see the guard for what falls in between.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function takeTurn(guard: StaleGuard, { message, ...request }: TurnRequest): Promise<Turn> {
  const { source, statekey, sequence, type } = message.change;
  if (statekey === undefined || message.replay?.full === true) return { kind: 'open', passages: [] };
  const state = (stateKey: string): GuardedState => ({ subscription: message.subscription, source, stateKey });
  const [, person, what] = personal.exec(statekey) ?? [];
  const tombstone = person === undefined ? undefined : state(`${person}#deleted`);
  const deletes = type === 'identity.user.deleted';
  // A deletion sets the status itself, so for the status the state's own passage tells as much.
  if (tombstone !== undefined && what !== 'status' && !deletes) {
    const standing = await guard.look(tombstone, { sequence, now: request.now });
    if (standing.kind !== 'open') return standing;
  }

  const passages: Passage[] = [];
  for (const guarded of tombstone !== undefined && deletes ? [tombstone, state(statekey)] : [state(statekey)]) {
    const passage = { ...guarded, ...request, sequence };
    const standing = await enterOrRelease(guard, passage, passages);
    if (standing.kind !== 'open') {
      await endTurn(guard, passages, 'failed');
      return standing;
    }
    passages.push(passage);
  }
  return { kind: 'open', passages };
}

/**
 * A guard that throws may have begun the passage all the same, and nothing will be sent on it. What is begun and not ended holds its state
 * up until the lease runs out, for every lane of the person where it is the tombstone.
 * @throws what `enter` threw
 */
async function enterOrRelease(guard: StaleGuard, passage: Passage, before: readonly Passage[]): Promise<Standing> {
  try {
    return await guard.enter(passage);
  } catch (error) {
    // The guard is failing: where it does not take these either, the leases end them, and the first error tells why.
    await Promise.allSettled([...before, passage].map((begun) => guard.leave(begun, 'failed')));
    throw error;
  }
}

/** Says what came of the attempt. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function endTurn(guard: StaleGuard, passages: readonly Passage[], end: PassageEnd): Promise<void> {
  for (const passage of passages) await guard.leave(passage, end);
}
