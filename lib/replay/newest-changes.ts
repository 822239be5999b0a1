import { createHash } from 'node:crypto';
import type { SequencedChange } from '../identity/change.ts';

/**
 * The highest sequence seen of each state key. Keys are kept as digests: Okta promises no length for its ids, and what is
 * remembered must have a bound.
 */
export class NewestChanges {
  readonly #sequences = new Map<string, string>();

  note(change: SequencedChange): void {
    const key = keyOf(change);
    if (key === undefined) return;
    const known = this.#sequences.get(key);
    if (known === undefined || known < change.sequence) this.#sequences.set(key, change.sequence);
  }

  /** True for facts, and for what is as new as anything noted of its state key. */
  includes(change: SequencedChange): boolean {
    const key = keyOf(change);
    return key === undefined || change.sequence >= (this.#sequences.get(key) ?? '');
  }

  get size(): number {
    return this.#sequences.size;
  }
}

/** A state key is its source's own, as in the stale-write contract. */
function keyOf({ source, statekey }: SequencedChange): string | undefined {
  if (statekey === undefined) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([source, statekey]))
    .digest('base64url')
    .slice(0, 22);
}
