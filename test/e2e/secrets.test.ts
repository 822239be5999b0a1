import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tables } from '#lib/dynamodb/tables.ts';
import { topics } from '#lib/kafka/topics.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { sealedSecretSchema, type SealedSecret } from '#lib/sealing/sealed-secret.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { queues } from '#lib/sqs/queues.ts';
import { tableWith, withoutTicks } from '../architecture/markdown.ts';
import { readText } from '../architecture/repository.ts';
import { adminToken, hookSecret, scratchFolder } from '../support/relay-process.ts';
import { isAcceptedByPackage, isAcceptedByWebCrypto, isSignedByOneOf, publicKeyOf } from '../support/signature-verifiers.ts';
import { configured, echoed, named, narrowed, person, presented, quoted, registered, wanted, type CastName } from './canary-cast.ts';
import { digests, runWithCanaries, type CanaryRun } from './canary-run.ts';
import { spellingsOf } from './canary-spellings.ts';
import { contentOf, placesWith, type Stored, type StoredItem } from './everything-stored.ts';

const scratch = scratchFolder();
const keyFile = `${join(scratch.path, 'state')}.key`;
let run: CanaryRun;
/** All that is stored, logged and answered, but for the files. */
let everywhere: readonly Stored[];
/** What the sealed secrets in each table hold. */
let opened: Readonly<Record<'orgs' | 'subscriptions', readonly { readonly owner: string; readonly text: string }[]>>;

beforeAll(async () => {
  run = await runWithCanaries(scratch.path);
  const answers = run.answers.map((answer) => ({ place: 'answers', content: Buffer.from(answer) }));
  everywhere = [...run.items, ...run.messages, { place: 'logs of functions', content: Buffer.from(run.logs) }, ...answers];
  opened = { orgs: await openAll('orgs', 'hook-secret'), subscriptions: await openAll('subscriptions', 'signing-secret') };
}, 240_000);
afterAll(() => {
  scratch.remove();
});

async function openAll(table: 'orgs' | 'subscriptions', purpose: 'hook-secret' | 'signing-secret') {
  const box = new SecretBox(localDataKeys(keyFile), { now: () => new Date() });
  const owned = itemsOf(table).map(({ attributes: { id, ...rest } }) => ({ owner: id?.S ?? '', sealed: sealedIn(Object.values(rest).map(({ S }) => S)) })); // prettier-ignore
  return Promise.all(owned.flatMap(({ owner, sealed }) => sealed.map(async (one) => ({ owner, text: await box.open(one, { purpose, owner }) })))); // prettier-ignore
}

/** Everything with the shape of a sealed secret, however deep, in texts that are JSON too. */
function sealedIn(value: unknown): SealedSecret[] {
  if (typeof value === 'string') return /^[[{]/.test(value) ? sealedIn(JSON.parse(value)) : [];
  if (typeof value !== 'object' || value === null) return [];
  const parsed = sealedSecretSchema.safeParse(value);
  return parsed.success ? [parsed.data] : Object.values(value).flatMap(sealedIn);
}

const itemsOf = (table: string): StoredItem[] => run.items.filter(({ place }) => place === `table ${table}`);
const places = [...Object.keys(tables).map((name) => `table ${name}`), ...Object.values(queues).map(({ name }) => `queue ${name}`), ...Object.keys(topics).map((name) => `topic ${name}`), 'bucket quarantine']; // prettier-ignore
const where = (value: string, of = everywhere): string[] => placesWith(spellingsOf(value), of);
const people = [person.userName, person.displayName, person.city];

describe('the run', () => {
  it('left something in each place that there is', () => {
    expect(places.filter((place) => !everywhere.some((stored) => stored.place === place))).toEqual([]);
    expect(run.files.length).toBeGreaterThan(10);
  });

  it('was long enough for each function to write a line, and for answers about what is dead, parked and recovered', () => {
    for (const name of ['receive-hook', 'fan-out', 'deliver', 'sweep', 'admin', 'replay']) expect(run.logs).toContain(`"function":"${name}"`); // prettier-ignore
    for (const said of ['"status":"dead"', '"status":"parked"', '"redelivered":', '"status":"done"', `"answer":"${echoed}"`, '"keys":[{'])
      expect(run.answers.join('\n')).toContain(said);
  });

  it('sent whole changes to who asks for them, and no name to who does not', () => {
    const sent = (name: CastName) => run.received(name).map(({ body }) => ({ place: name, content: Buffer.from(body) }));
    for (const value of people) {
      expect(where(value, sent('whole'))).toEqual(['whole']);
      for (const name of narrowed) expect(where(value, sent(name))).toEqual([]);
    }
  });
});

describe('what is sealed', () => {
  it('is each signing secret that was told, the old one beside the new one, and the private half of each key that is served', async () => {
    for (const { id, told, keys } of Object.values(run.subscriptions)) {
      const texts = opened.subscriptions.filter(({ owner }) => owner === id).map(({ text }) => text);
      const [pairs, shared] = [texts.filter((text) => text.startsWith('whsk_')), texts.filter((text) => !text.startsWith('whsk_'))];
      expect(shared.toSorted()).toEqual(told.toSorted());
      expect((await Promise.all(pairs.map(publicKeyOf))).toSorted()).toEqual(keys.map(({ x }) => x).toSorted());
    }
    const { whole, keys, both, own } = run.subscriptions;
    expect([whole, keys, both, own].map(({ told, keys: served }) => [told.length, served.length])).toEqual([[2, 0], [0, 2], [2, 2], [2, 0]]); // prettier-ignore
  });

  it('is each key of an org that signs, and of the others there is a digest', () => {
    const texts = opened.orgs.map(({ text }) => text);
    expect(texts.toSorted()).toEqual([configured.hmac, ...run.hookSecrets.hmac].toSorted());
    const kept = [
      configured.header,
      `okta:${configured.basic}`,
      registered,
      hookSecret,
      ...run.hookSecrets.header,
      ...run.hookSecrets.basic,
    ];
    expect(run.hookSecrets).toMatchObject({ header: { length: 2 }, basic: { length: 2 }, hmac: { length: 2 } });
    for (const digest of digests(kept)) expect(where(digest)).toEqual(['table orgs']);
  });

  it('is in no other place', () => {
    expect(placesWith([Buffer.from('wrappedKey')], everywhere)).toEqual(['table orgs', 'table subscriptions']);
  });
});

describe.each<[string, () => readonly string[]]>([
  ['the hook secret', () => [hookSecret]],
  ['the admin token', () => [adminToken]],
  ['each signing secret that was told, and each that was rotated out', () => Object.values(run.subscriptions).flatMap(({ told }) => told)],
  ['each private key', () => opened.subscriptions.map(({ text }) => text).filter((text) => text.startsWith('whsk_'))],
  ['each secret of the configuration file', () => Object.values(configured)],
  ['a hook secret that was registered', () => [registered]],
  ['each hook secret that the relay made', () => Object.values(run.hookSecrets).flat()],
  ['what was guessed and refused', () => Object.values(presented)],
  ['the local key', () => [readFileSync(keyFile, 'utf8').trim()]],
])('%s', (_, secrets) => {
  it('is in no item, message, object, record, log line and answer', () => {
    expect(secrets().length).toBeGreaterThan(0);
    expect(secrets().map((secret) => where(secret))).toEqual(secrets().map(() => []));
  });

  it('is in no file of the state folder', () => {
    expect(secrets().map((secret) => where(secret, run.files))).toEqual(secrets().map(() => []));
  });
});

describe.each(Object.entries(person).filter(([name]) => name !== 'id'))('the %s of a person', (_, value) => {
  it('is in no log line, and in no answer, not even to whoever sent it', () => {
    expect(where(value).filter((place) => /^(logs|answers)/.test(place))).toEqual([]);
  });

  it('is in no item but in changes that wait and in dead letters', () => {
    const without = run.items.map(({ place, attributes: { letter, ...item } }) => ({ place, content: contentOf({ M: item }) }));
    expect(where(value, without)).toEqual(['table lanes']);
  });

  it('is in nothing that waits for a subscription that does not ask for it', () => {
    for (const name of narrowed) expect([name, where(value, kept(name))]).toEqual([name, []]);
  });
});

describe('the address of somebody whom a subscriber answers with', () => {
  it('is kept with the attempt and shown with it, as docs/data.md has it, and in no log line', () => {
    const without = run.items.map(({ place, attributes: { letter, ...item } }) => ({ place, content: contentOf({ M: item }) }));
    expect(where(named.userName, without)).toEqual(['table deliveries', 'table lanes']);
    expect(where(named.userName).filter((place) => /^(logs|answers)/.test(place))).toEqual(['answers']);
    expect(readText('docs/data.md')).toContain('256 characters of the text that the subscriber answered, which may be about anybody and which `GET /v1/deliveries` shows'); // prettier-ignore
  });
});

describe.each(Object.entries(quoted))('the %s in a call that is refused', (_, value) => {
  it('is told again to whoever sent it, and is in no other place', () => {
    expect(where(value)).toEqual(['answers']);
  });
});

/** What is stored of a subscription's deliveries. */
function kept(name: CastName): Stored[] {
  const { id } = run.subscriptions[name];
  return [...run.items, ...run.messages].filter(({ place, content }) => place !== 'table subscriptions' && content.includes(id));
}

it.each<[string, CastName[]]>([
  ['queue deliveries.fifo', ['whole', 'attributes', 'minimal', 'paused', 'paused-attributes', 'paused-minimal']],
  ['table lanes', ['paused', 'paused-attributes', 'paused-minimal']],
  ['queue replay-deliveries.fifo', ['gone', 'gone-attributes', 'gone-minimal']],
  ['table deliveries', ['gone', 'gone-attributes', 'gone-minimal']],
])('in %s something waits for each, with the name where it is asked for', (place, names) => {
  for (const name of names) {
    const here = kept(name).filter((stored) => stored.place === place);
    expect([name, where(person.id, here)]).toEqual([name, [place]]);
    expect([name, where(person.userName, here)]).toEqual([name, narrowed.includes(name) ? [] : [place]]);
  }
});

describe('docs/data.md', () => {
  const { header, rows } = tableWith(readText('docs/data.md'), 'place');
  /** Rows of one table, such as the two of `senders`, are one place. */
  const said = Map.groupBy(rows, ([place = '']) => withoutTicks(place).replace(/:.*/, ''));
  const cellsOf = (place: string, column: string) => (said.get(place) ?? []).map((row) => row[header.indexOf(column)] ?? '');

  it('has every place that was searched, and no other but those that only AWS has', () => {
    const onlyInAws = [
      'dead letters of deliveries.fifo and replay-deliveries.fifo',
      'invocations that failed for good',
      'access logs of the APIs',
      'logs of brokers and of refused network traffic',
    ];
    expect([...said.keys()].toSorted()).toEqual([...places, 'logs of functions', ...onlyInAws].toSorted());
  });

  it.each([...places, 'logs of functions'])('says of %s what the search found: names, ids alone, or nothing about people', (place) => {
    const found = [...people, wanted].some((value) => where(value).includes(place)) ? 'names' : where(person.id).includes(place) ? 'ids' : 'nothing'; // prettier-ignore
    const levels = cellsOf(place, 'about people').map((cell) =>
      cell.startsWith('–') ? 0 : /\bchanges?\b|bodies|what its owner wrote/.test(cell) ? 2 : 1,
    );
    const told = ['nothing', 'ids', 'names'][Math.max(...levels)];
    // A line names an id only where there is something to say about it.
    expect(place === 'logs of functions' && found === 'nothing' ? 'ids' : found).toBe(told);
  });

  it.each([...places, 'logs of functions'])('says of %s whether secrets are there, sealed or as digests', (place) => {
    const cell = cellsOf(place, 'secrets').join('; ');
    expect(placesWith([Buffer.from('wrappedKey')], everywhere).includes(place)).toBe(cell.includes('sealed'));
    expect(where(digests([hookSecret])[0]!).includes(place)).toBe(cell.includes('SHA-256 digests'));
    expect(where(echoed).includes(place)).toBe(cell.includes('what a subscriber puts into its answers'));
  });
});

describe('what was sent is verified by implementations of others', () => {
  const last = (name: CastName) => run.received(name).at(-1)!;
  const kinds = (name: CastName) => (last(name).headers['webhook-signature'] ?? '').split(' ').map((one) => one.split(',')[0]).toSorted(); // prettier-ignore

  it.each<[CastName, string[]]>([
    ['whole', ['v1', 'v1']],
    ['own', ['v1', 'v1']],
    ['keys', ['v1a', 'v1a']],
    ['both', ['v1', 'v1', 'v1a', 'v1a']],
    ['minimal', ['v1']],
  ])('for %s, with each secret and each served key alone, old and new', async (name, expected) => {
    expect(kinds(name)).toEqual(expected);
    const { told, firstKeys, keys } = run.subscriptions[name];
    expect(told.length + keys.length).toBe(expected.length);
    // The package compares the timestamp with the clock.
    vi.useFakeTimers({ toFake: ['Date'], now: Number(last(name).headers['webhook-timestamp']) * 1_000 });
    for (const secret of told) expect([isAcceptedByPackage(secret, last(name)), await isAcceptedByWebCrypto(secret, last(name))]).toEqual([true, true]); // prettier-ignore
    for (const key of keys) expect(await isSignedByOneOf([key], last(name))).toBe(true);
    vi.useRealTimers();
    expect(keys).toEqual(expect.arrayContaining([...firstKeys]));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
    const other = run.subscriptions[name === 'both' ? 'keys' : 'both'];
    expect(await isSignedByOneOf(other.keys, last(name))).toBe(false);
    expect(isAcceptedByPackage(other.told[0] ?? run.subscriptions.whole.told[0], last(name))).toBe(false);
  });
});

it('keeps the key beside the folder, for its owner alone', () => {
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(run.files.map(({ place }) => place)).not.toContain(`file ${keyFile}`);
});
