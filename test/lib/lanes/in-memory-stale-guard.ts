import type { GuardedState, Passage, PassageEnd, StaleGuard, Standing } from '#lib/lanes/stale-guard.ts';
import { standingIn, type StateRecord } from '#lib/lanes/state-record.ts';

/** StaleGuard in memory, for properties over thousands of batches. It is held to the same contract as the real one. */
export class InMemoryStaleGuard implements StaleGuard {
  readonly #records = new Map<string, StateRecord>();

  look(state: GuardedState, change: { sequence: string; now: Date }): Promise<Standing> {
    return Promise.resolve(standingIn(this.#recordOf(state), change));
  }

  enter(passage: Passage): Promise<Standing> {
    const record = this.#recordOf(passage);
    const standing = standingIn(record, passage);
    if (standing.kind === 'open' && record.lease !== passage.lease) {
      const { sequence: begun, lease, until: leaseUntil } = passage;
      this.#records.set(keyOf(passage), { delivered: record.delivered, doubt: record.begun ?? record.doubt, begun, lease, leaseUntil });
    }
    return Promise.resolve(standing);
  }

  leave(passage: Passage, end: PassageEnd): Promise<void> {
    const { delivered, doubt, ...under } = this.#recordOf(passage);
    const ours = under.lease === passage.lease;
    const forward = end === 'delivered' && (delivered ?? '') < passage.sequence ? passage.sequence : delivered;
    if (!ours) this.#records.set(keyOf(passage), { ...under, doubt, delivered: forward });
    else if (end === 'unknown') this.#records.set(keyOf(passage), { delivered, doubt, begun: under.begun });
    else this.#records.set(keyOf(passage), end === 'delivered' ? { delivered: forward } : { delivered, doubt });
    return Promise.resolve();
  }

  #recordOf(state: GuardedState): StateRecord {
    return this.#records.get(keyOf(state)) ?? {};
  }
}

function keyOf({ subscription, source, stateKey }: GuardedState): string {
  return JSON.stringify([subscription, source, stateKey]);
}
