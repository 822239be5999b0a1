import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { tables } from '#lib/dynamodb/tables.ts';
import { localRegion, startAwsEmulators } from '../../local/aws-emulators.ts';
import { admin, eventually, hookBody, logEvent, postHook, subscribe } from '../support/relay-client.ts';
import { adminToken, freePort, hookSecret, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const scratch = scratchFolder();
const dataDir = join(scratch.path, 'state');
const receiver = new WebhookReceiver();
/** Answers 410: what is owed to it becomes a dead letter at once. */
const goneReceiver = new WebhookReceiver();
goneReceiver.status = 410;
const signingSecrets: string[] = [];
/** Everything the admin API answered, but for the answers that tell a secret once. */
const answers: string[] = [];
let output: string;
/** As the killed relay left them: whoever opens the tables afterwards may pack them. */
let left: readonly StoredFile[];
/** Every item of every table, with what is packed in it unpacked: by table, as text. */
let stored: ReadonlyMap<string, readonly Item[]>;

interface Item {
  /** The item without its dead letter. */
  readonly text: string;
  readonly letter: string;
}

const configured = { hmac: 'canary-hmac-secret-58d1', basic: 'canary-basic-password-02ab', header: 'canary-header-secret-c3c3' };
const registered = 'canary-registered-secret-77aa';
const presented = { hookSecret: 'canary-guessed-secret-1d1d', token: 'canary-guessed-token-9e9e', urlPassword: 'canary-url-password-4b4b' };
/** About one person; none of it belongs into a log line, a key, an index or an answer. */
const person = { userName: 'canary.person.31f0@example.com', displayName: 'Canary Person 31f0' };
const personEvent = (eventType: string) => {
  const event = logEvent({ userId: '00ucanaryperson00000', userName: person.userName, eventType });
  return { ...event, target: (event['target'] as object[]).map((target) => ({ ...target, displayName: person.displayName })) };
};

beforeAll(async () => {
  const config = join(scratch.path, 'relay.json');
  const authentication = [
    { kind: 'hmac', secrets: [configured.hmac] },
    { kind: 'basic', credentials: [`okta:${configured.basic}`] },
    { kind: 'header', headerName: 'x-relay-key', secrets: [configured.header] },
  ];
  writeFileSync(config, JSON.stringify({ orgs: [{ id: 'beta', hosts: ['beta.okta.com'], authentication }] }));
  const relay = await startRelayProcess({ dataDir, port: await freePort(), args: ['--config', config] });
  for (const [name, to] of [
    ['canary', receiver],
    ['gone', goneReceiver],
  ] as const) {
    const { secret } = await subscribe(relay.url, { name, url: await to.listen(), types: ['*'] });
    signingSecrets.push(secret);
    to.trust(secret);
  }
  await sendHooks(relay.url);
  await askEverything(relay);
  // Not stopped but killed: what a graceful end would tidy away must not be there either.
  await relay.kill();
  output = relay.output();
  left = files(dataDir);
  stored = await readTables();
});
afterAll(async () => {
  await receiver.close();
  await goneReceiver.close();
  scratch.remove();
});

async function sendHooks(url: string): Promise<void> {
  await postHook(url, hookBody([logEvent({ userId: 'canary' }), { broken: true }]));
  await postHook(url, hookBody([personEvent('user.lifecycle.activate'), personEvent('user.account.update_profile')]));
  await postHook(url, '{ not json');
  for (const guess of [
    `${hookSecret}-wrong`,
    presented.hookSecret,
    `Basic ${Buffer.from(`okta:${presented.hookSecret}`).toString('base64')}`,
  ])
    await postHook(url, hookBody([logEvent()]), { headers: { authorization: guess } });
  await eventually(
    () => receiver.received.filter(({ change }) => JSON.stringify(change).includes(person.userName)).length,
    (count) => count > 0,
    { what: 'a webhook' },
  );
  await eventually(
    () => admin<{ data: unknown[] }>(url, '/v1/deliveries?status=dead'),
    ({ body }) => body.data.length > 0,
    { what: 'a dead letter' },
  );
}

/** All that can be read after creation, and calls that fail with something secret or personal in them. */
async function askEverything({ url }: RelayProcess): Promise<void> {
  const ask = async (path: string, body?: unknown, token = adminToken): Promise<void> => {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    answers.push(JSON.stringify([...response.headers]), await response.text());
  };
  const { body: list } = await admin<{ data: { id: string }[] }>(url, '/v1/subscriptions');
  for (const path of ['/v1/subscriptions', ...list.data.map(({ id }) => `/v1/subscriptions/${id}`), '/v1/deliveries', '/v1/deliveries?status=dead', '/v1/quarantine', '/v1/replays', '/v1/orgs', '/v1/orgs/acme', '/v1/orgs/beta']) await ask(path); // prettier-ignore
  await ask('/v1/orgs', { id: 'gamma', hosts: ['gamma.okta.com'], authentication: { kind: 'header' }, secret: registered });
  await ask('/v1/orgs/gamma');
  await ask('/v1/subscriptions', {}, presented.token);
  await ask('/v1/subscriptions', { name: 'x', url: `https://okta:${presented.urlPassword}@hooks.example.com/`, types: ['*'] });
  await ask('/v1/subscriptions', { name: 'x', url: 'https://hooks.example.com/', types: [person.userName], filter: `user.userName eq '${person.userName}'` }); // prettier-ignore
  await ask('/v1/subscriptions', `{"name": "${person.displayName}", `);
  await ask(`/v1/deliveries?status=${encodeURIComponent(person.userName)}&since=${encodeURIComponent(person.displayName)}`);
  await ask(`/v1/nothing/${encodeURIComponent(person.userName)}`);
}

async function readTables(): Promise<ReadonlyMap<string, readonly Item[]>> {
  const aws = await startAwsEmulators({ dataDir });
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const found = new Map<string, readonly Item[]>();
  for (const table of Object.keys(tables)) {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    found.set(table, Items.map(({ letter, ...item }) => ({ text: textOf({ M: item }), letter: letter === undefined ? '' : textOf(letter) }))); // prettier-ignore
  }
  client.destroy();
  await aws.stop();
  return found;
}

/** A value as text, every byte of it: compressed ones expanded. */
function textOf(value: AttributeValue): string {
  const { B: bytes, L: list, M: map } = value;
  if (bytes !== undefined) return Buffer.from(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('latin1');
  if (list !== undefined) return list.map(textOf).join('\n');
  return map === undefined ? JSON.stringify(value) : Object.entries(map).map(([name, inner]) => `${name}=${textOf(inner)}`).join('\n'); // prettier-ignore
}

interface StoredFile {
  readonly path: string;
  readonly content: Buffer;
}

/** Every file below the folder, whole. */
function files(folder: string): StoredFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, content: readFileSync(path) }));
}

/** A secret in the spellings that a careless writer would leave behind. */
function spellings(secret: string): string[] {
  const bare = secret.replace(/^whsec_/, '');
  return [
    secret,
    bare,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
    Buffer.from(bare, 'base64').toString('hex'),
  ].filter((needle) => needle.length >= 8);
}

const logs = (): string => `${output}\n${readFileSync(join(dataDir, 'relay.log'), 'utf8')}`;

describe('the search', () => {
  it('finds every file of the state folder and something in it', () => {
    expect(left.length).toBeGreaterThan(5);
    // The scan must be able to find: an id that is stored in the clear is there.
    expect(left.some(({ content }) => content.includes('00u1test000000000000') || content.includes('canary'))).toBe(true);
  });

  it('finds what is stored in each table that is written to, and what is packed in a dead letter', () => {
    const written = [...stored].flatMap(([table, items]) => (items.length > 0 ? [table] : []));
    expect(written).toEqual(expect.arrayContaining(['orgs', 'subscriptions', 'deliveries', 'states', 'quarantine']));
    const letters = (stored.get('deliveries') ?? []).map(({ letter }) => letter);
    expect(letters.some((letter) => letter.includes(person.userName) && letter.includes(person.displayName))).toBe(true);
  });

  it('finds what was answered and logged', () => {
    expect(answers.join('\n')).toContain('"status":"dead"');
    expect(logs()).toContain('"function":"deliver"');
  });
});

describe.each([
  ['the hook secret', () => hookSecret],
  ['the admin token', () => adminToken],
  ['a signing secret', () => signingSecrets[0] ?? ''],
  ['the signing secret of a dead letter', () => signingSecrets[1] ?? ''],
  ['an hmac secret of the configuration file', () => configured.hmac],
  ['a basic password of the configuration file', () => configured.basic],
  ['a header secret of the configuration file', () => configured.header],
  ['a hook secret that was registered', () => registered],
  ['a hook secret that was guessed', () => presented.hookSecret],
  ['a token that was guessed', () => presented.token],
  ['a password in a URL that was refused', () => presented.urlPassword],
  ['the local key', () => readFileSync(`${dataDir}.key`, 'utf8').trim()],
])('%s', (_, secret) => {
  it('is in no file of the state folder', () => {
    const needles = spellings(secret());
    expect(needles.length).toBeGreaterThan(3);
    const found = left.filter(({ content }) => needles.some((needle) => content.includes(needle)));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it('is in no item, packed or not', () => {
    const needles = spellings(secret());
    const found = [...stored].flatMap(([table, items]) => items.filter(({ text, letter }) => needles.some((needle) => `${text}\n${letter}`.includes(needle))).map(() => table)); // prettier-ignore
    expect(found).toEqual([]);
  });

  it('is in no log line and no answer', () => {
    const needles = spellings(secret());
    expect(needles.filter((needle) => logs().includes(needle))).toEqual([]);
    expect(answers.filter((answer) => needles.some((needle) => answer.includes(needle)))).toEqual([]);
  });
});

describe.each(Object.entries(person))('the %s of a person', (_, value) => {
  it('is in no log line', () => {
    expect(spellings(value).filter((needle) => logs().includes(needle))).toEqual([]);
  });

  it('is in no answer, not even to whoever sent it', () => {
    expect(answers.filter((answer) => spellings(value).some((needle) => answer.includes(needle)))).toEqual([]);
  });

  it('is in no item but where changes wait and in dead letters', () => {
    const found = [...stored].flatMap(([table, items]) => (items.some(({ text }) => text.includes(value)) ? [table] : []));
    expect(found.filter((table) => table !== 'lanes')).toEqual([]);
  });
});

it('keeps the key beside the folder, for its owner alone', () => {
  expect(statSync(`${dataDir}.key`).mode & 0o777).toBe(0o600);
  expect(left.map(({ path }) => path)).not.toContain(`${dataDir}.key`);
});
