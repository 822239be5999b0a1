import { readdirSync, readFileSync } from 'node:fs';
import type { Change } from '#lib/identity/change.ts';

const folder = new URL('../../fixtures/', import.meta.url);

export interface ChangeFixture {
  readonly event: Readonly<Record<string, unknown>>;
  readonly expected: Change;
}

/** By event type: the file's name without its ending. */
export const changeFixtures: ReadonlyMap<string, ChangeFixture> = new Map(
  readdirSync(new URL('changes/', folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name.slice(0, -'.json'.length), JSON.parse(readFileSync(new URL(`changes/${name}`, folder), 'utf8')) as ChangeFixture]),
);

export const hookEligibleEventTypes: readonly string[] = readFileSync(new URL('hook-eligible-event-types.txt', folder), 'utf8')
  .trim()
  .split('\n');
