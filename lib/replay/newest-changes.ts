import { hash } from 'node:crypto';
import type { SequencedChange } from '../identity/change.ts';

/**
 * The highest sequence of each state key. Changes are noted in offset order, and only the first copy of a change counts: it is the
 * one that was delivered live, under its own sequence. A later copy has a higher offset, hence a higher tie-break, and would pass
 * for newer than a change that came between the two. A first copy that is not noted, because it lies before the window or the stretch,
 * is not known of (docs/decisions/0010). Keys are kept as digests: Okta promises no length for its ids, and what is
 * remembered must have a bound.
 */
export class NewestChanges {
  readonly #sequences = new Map<string, string>();
  readonly #seen = new Set<string>();

  note(change: SequencedChange): void {
    const key = keyOf(change);
    if (key === undefined) return;
    const id = idOf(change);
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const known = this.#sequences.get(key);
    if (known === undefined || known < change.sequence) this.#sequences.set(key, change.sequence);
  }

  /** True for facts, and for the newest of its state key that was noted; not for another copy of that. */
  includes(change: SequencedChange): boolean {
    const key = keyOf(change);
    return key === undefined || change.sequence === this.#sequences.get(key);
  }

  /** How many changes it remembers. */
  get size(): number {
    return this.#seen.size;
  }
}

/** A state key is its source's own, as in the stale-write contract. */
function keyOf({ source, statekey }: SequencedChange): string | undefined {
  return statekey === undefined ? undefined : digestOf([source, statekey]);
}

/** What a delivery takes for the same change: lib/delivery/delivery.ts. */
function idOf({ data, id }: SequencedChange): string {
  return digestOf([data.org, id]);
}

/** Sixteen characters of their own: a slice of the digest as text would keep all of it. */
function digestOf(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'buffer').toString('latin1', 0, 16);
}
