import { readFileSync } from 'node:fs';
import { changeFixtures } from '../../test/lib/identity/fixtures.ts';

const file = JSON.parse(readFileSync(new URL('../../test/fixtures/fuzz/seeds.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly unknown[]>
>;

/** The seeds that are written down for a target; what is no text is JSON. @throws when there are none: the name is wrong. */
export function seedsOf(name: string): Uint8Array[] {
  const seeds = file[name];
  if (seeds === undefined) throw new Error(`test/fixtures/fuzz/seeds.json has no seeds for ${name}`);
  return seeds.map((seed) => Buffer.from(typeof seed === 'string' ? seed : JSON.stringify(seed)));
}

export const jsonSeed = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export function awsFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../test/fixtures/aws/${name}`, import.meta.url), 'utf8'));
}

/** The LogEvents of the fixtures, and what becomes of them. */
export const events = [...changeFixtures.values()].map(({ event }) => event);
export const changes = [...changeFixtures.values()].map(({ expected }) => expected);

/** One bundle of hook events as Okta sends it. */
export function hookBodyOf(given: readonly unknown[]): unknown {
  return {
    eventType: 'com.okta.event_hook',
    eventTypeVersion: '1.0',
    cloudEventsVersion: '0.1',
    source: 'https://acme.okta.com/api/v1/eventHooks/who1test0000000000',
    eventId: 'b5a188b9-5ece-4636-b041-482ffda96311',
    data: { events: given },
    eventTime: '2026-11-21T11:59:58.000Z',
    contentType: 'application/json',
  };
}
