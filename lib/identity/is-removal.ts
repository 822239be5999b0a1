import type { Change } from './change.ts';
import { changeTypes } from './change-types.ts';

const removals: ReadonlySet<string> = new Set(changeTypes.filter((row) => row.removal).map((row) => row.type));

/** Whether a change takes access away: such a change never waits behind a delivery that fails. */
export function isRemoval(change: Pick<Change, 'type'>): boolean {
  return removals.has(change.type);
}
