import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog, provideChangeLogRange } from '#lib/config/local-parts.ts';
import { deliveryIdOf } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { RelayError } from '#lib/errors.ts';
import type { ChangeLogRange } from '#lib/intake/change-log-range.ts';
import type { ChangeLog } from '#lib/intake/change-log.ts';
import { spoolMessages } from '#lib/intake/spool-message.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../local/aws-emulators.ts';
import type { FunctionName } from '../../local/lambda.ts';
import { storedReplay } from '../contract/replay-store.contract.ts';
import { startRawSubscriber, type RawSubscriber } from '../lib/https/raw-subscriber.ts';
import { storedSubscription } from '../lib/subscriptions/stored-subscription.ts';
import { startTellingProxy, type TellingProxy } from '../support/telling-proxy.ts';
import { adminEvent } from './admin/admin-event.ts';
import { batchOf, planted, plantedChange, telltale } from './planted.ts';
import { WatchedHandlers } from './watched-handlers.ts';

/** As in masked-lines.test.ts, which has the functions that a change goes through; here are those beside and behind them. */
const token = 'planted-admin-token-0001';
const oneLine = planted.replaceAll('\n', ' ');

const folder = mkdtempSync(join(tmpdir(), 'lines-behind-'));
const watched = new WatchedHandlers();
const { lines } = watched;
const run: WatchedHandlers['run'] = (name, event) => watched.run(name, event);
let aws: AwsEmulators;
let proxies: readonly TellingProxy[];
let box: SecretBox;
let gone: RawSubscriber;
let append: ChangeLog['append'];
let range: Pick<ChangeLogRange, 'locate' | 'read'>;

beforeAll(async () => {
  aws = await startAwsEmulators();
  const [dynamodb, faux] = [await startTellingProxy(aws.dynamodbUrl), await startTellingProxy(aws.sqsUrl)];
  proxies = [dynamodb, faux];
  gone = await startRawSubscriber(({ socket }) => socket.end('HTTP/1.1 410 Planted\r\ncontent-length: 7\r\n\r\nplanted'));
  const keyFile = join(folder, 'key');
  createLocalKeyFile(keyFile);
  box = new SecretBox(localDataKeys(keyFile), { now: () => new Date() });
  provideEnvironment({
    ...aws.environment,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SQS: faux.url,
    AWS_ENDPOINT_URL_S3: faux.url,
    ADMIN_AUTH: 'bearer',
    RELAY_ADMIN_TOKEN: token,
    CHANGE_LOG: 'embedded',
    SECRETS_KEY_FILE: keyFile,
    ALLOW_LOOPBACK_SUBSCRIBERS: 'true',
    METRICS_NAMESPACE: 'relay-test',
  });
  provideChangeLog({ append: (...given) => append(...given) });
  provideChangeLogRange({ locate: (...given) => range.locate(...given), read: (...given) => range.read(...given), close: async () => undefined }); // prettier-ignore
  await watched.load('admin', 'respool', 'replay', 'sweep', 'deliver');
});
afterAll(async () => {
  await gone.close();
  for (const proxy of proxies) await proxy.stop();
  await aws.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  append = () => Promise.resolve();
  range = rangeOf(plantedChange(), { id: planted, data: planted }, planted);
  for (const proxy of proxies) proxy.fail(undefined);
});

const direct = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
const subscriptions = () => dynamodbSubscriptionStore({ client: direct(), table: 'subscriptions' });

const recordWith = (value: unknown) => ({ key: planted, value: Buffer.from(JSON.stringify(value)), headers: { ce_id: planted, traceparent: planted } }); // prettier-ignore

/** A log whose one partition holds these. */
function rangeOf(...values: unknown[]): typeof range {
  const records = values.map((value, offset) => ({ topic: 'identity.changes.v1', partition: 0, offset, timestampMs: Date.now(), key: Buffer.from(planted), value: Buffer.from(JSON.stringify(value)), headers: [{ name: 'planted', value: Buffer.from(planted) }] })); // prettier-ignore
  return {
    locate: () => Promise.resolve([{ partition: 0, start: 0, end: records.length }]),
    read: async (asked, { handle }) => ((await handle(records.slice(asked.start, asked.end))) === 'more' ? 'all' : 'enough'),
  };
}

let subscribed = 0;
async function subscription(overrides: Partial<Subscription> = {}): Promise<Subscription> {
  const fresh = storedSubscription((subscribed += 1));
  const sealed = await box.seal(`whsec_${Buffer.from('planted planted planted planted!').toString('base64')}`, { purpose: 'signing-secret', owner: fresh.id }); // prettier-ignore
  const asked = { name: oneLine, url: `http://127.0.0.1:${gone.port}/planted`, types: ['*'], filter: 'user.userName eq "planted.person@example.com"' }; // prettier-ignore
  const stored = { ...fresh, ...asked, signingSecrets: [{ sealed, createdAt: fresh.createdAt }], ...overrides };
  await subscriptions().create(stored);
  return stored;
}

const call = (line: `${string} /${string}`, body?: unknown) =>
  adminEvent(line, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-planted': planted },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

/** A delivery that is dead for a subscription that is to be recovered, and one that waits for a subscription whose pause is over. */
async function leaveWork(): Promise<void> {
  const dead = await subscription();
  const waiting = await subscription({ status: 'paused', pausedUntil: '2999-01-01T00:00:00.000Z', pausedSince: new Date().toISOString() });
  for (const { id } of [dead, waiting]) {
    const change = plantedChange();
    await run('deliver', batchOf('deliveries.fifo', JSON.stringify({ v: 1, delivery: deliveryIdOf(id, 'acme', change.id), subscription: id, org: 'acme', change }))); // prettier-ignore
    await run('admin', call(`POST /v1/subscriptions/${id}/resume`, {}));
  }
  await run('admin', call(`POST /v1/subscriptions/${dead.id}/recover`, { since: new Date(Date.now() - 60_000).toISOString() }));
}

async function replayMessage(): Promise<string> {
  const { id } = await subscription();
  const replay = storedReplay(subscribed, { subscription: id, user: '00uplanted', from: new Date(Date.now() - 60_000).toISOString(), to: new Date().toISOString() }); // prettier-ignore
  await dynamodbReplayStore({ client: direct(), table: 'replays' }).create(replay);
  return JSON.stringify({ v: 1, replay: replay.id });
}

const spooled = () => spoolMessages([recordWith(plantedChange())]).map(({ body }) => body);
const inputs: Readonly<Record<string, { readonly name: FunctionName; event(): unknown }>> = {
  // First: it goes over every subscription there is.
  sweep: { name: 'sweep', event: () => leaveWork().then(() => ({ planted })) },
  'admin, creating a subscription': {
    name: 'admin',
    event: () => call('POST /v1/subscriptions', { name: oneLine, url: 'https://planted.example.com/planted', types: ['*'] }),
  },
  'admin, rotating a secret': { name: 'admin', event: async () => call(`POST /v1/subscriptions/${(await subscription()).id}/rotate-secret`, {}) }, // prettier-ignore
  'admin, making an org': {
    name: 'admin',
    event: () => call('POST /v1/orgs', { id: `org-${randomUUID()}`, hosts: ['planted.example.com'], authentication: { kind: 'hmac' }, secret: 'planted-hook-secret' }), // prettier-ignore
  },
  'admin, replaying': {
    name: 'admin',
    event: async () => call('POST /v1/replays', { subscription: (await subscription()).id, from: new Date(Date.now() - 60_000).toISOString(), to: new Date().toISOString(), user: 'planted' }), // prettier-ignore
  },
  'admin, looking for a user': { name: 'admin', event: () => call('GET /v1/deliveries?user=planted') },
  respool: { name: 'respool', event: () => batchOf('change-spool.fifo', ...spooled(), `{"v":1,"key":"planted","records":["${oneLine}`) },
  replay: { name: 'replay', event: async () => batchOf('replays.fifo', await replayMessage(), JSON.stringify({ v: 1, replay: planted })) },
};

describe.each(Object.keys(inputs))('%s, writes nothing of it', (title) => {
  const { name, event } = inputs[title]!;

  it('when all goes well, and when each thing it asks of AWS is refused with its own words', async () => {
    const good = await event();
    for (const proxy of proxies) proxy.operations.clear();
    expect(await run(name, good)).not.toMatch(telltale);
    const asked = proxies.flatMap((proxy) => [...proxy.operations].map((operation) => [proxy, operation] as const));
    expect(asked.length).toBeGreaterThan(0);
    let failures = 0;
    for (const [proxy, operation] of asked) {
      const given = await event();
      proxy.fail(operation);
      const written = await run(name, given);
      proxy.fail(undefined);
      expect({ operation, written }).toEqual({ operation, written: expect.not.stringMatching(telltale) });
      if (written.includes('"level":"error"')) failures += 1;
    }
    expect(failures).toBeGreaterThan(0);
  }, 60_000);
});

describe('admin writes nothing of what it is asked', () => {
  it.each<[string, () => unknown]>([
    ['a body that is no JSON', () => call('POST /v1/subscriptions', `{"name": "${planted}`)],
    ['fields that are wrong', () => call('POST /v1/subscriptions', { name: planted, url: planted, types: [planted], filter: planted, [planted]: planted })], // prettier-ignore
    [
      'an org that is wrong',
      () => call('POST /v1/orgs', { id: planted, hosts: [planted], authentication: { kind: planted }, secret: planted }),
    ],
    ['a replay that is wrong', () => call('POST /v1/replays', { subscription: planted, from: planted, to: planted, user: planted })],
    ['a path that is none', () => call(`GET /v1/planted/${encodeURIComponent(planted)}`)],
    ['an id that is none', () => call(`GET /v1/deliveries/${encodeURIComponent(planted)}`)],
    ['a query that is wrong', () => call('GET /v1/deliveries?status=planted&cursor=planted&since=planted&planted=planted')],
    ['a body that is too deep', () => call('POST /v1/subscriptions', `${'['.repeat(5_000)}"planted"${']'.repeat(5_000)}`)],
    ['a body that is too large', () => call('POST /v1/subscriptions', { name: 'planted'.repeat(200_000) })],
    ['a member of prototypes', () => call('POST /v1/subscriptions', '{"__proto__": {"planted": "planted"}, "constructor": "planted"}')],
    ['a token that is none', () => adminEvent('GET /v1/subscriptions', { headers: { authorization: `Bearer ${planted}` } })],
    ['an event that is none', () => ({ planted })],
  ])('with %s', async (_, event) => {
    expect(await run('admin', event())).not.toMatch(telltale);
  });

  it.each(['subscriptions', 'replays'])('when what is stored among the %s cannot be read', async (table) => {
    const [kind, id] = table === 'replays' ? ['replay', storedReplay(9_000).id] : ['subscription', storedSubscription(9_000).id];
    const Item = { kind: { S: kind }, id: { S: id }, [kind]: { S: `{"name": ${planted}` }, status: { S: planted } };
    await direct().send(new PutItemCommand({ TableName: table, Item }));
    const written = [await run('admin', call(`GET /v1/${table}/${id}`)), await run('admin', call(`GET /v1/${table}`)), await run('sweep', {})]; // prettier-ignore
    expect(written.join('\n')).toContain('"level":"error"');
    expect(written.join('\n')).not.toMatch(telltale);
  });
});

/** What a log could say when it fails. */
const failures: [string, (text: string) => Error][] = [
  ['an error that quotes them', (text) => new Error(text)],
  [
    'our error about an error that quotes them',
    (text) => new RelayError('CHANGE_LOG_UNAVAILABLE', 'away', { cause: new SyntaxError(text) }),
  ],
];

describe('respool writes nothing of a change', () => {
  it.each(failures)('when the log fails with %s', async (_, errorOf) => {
    append = ([record]) => Promise.reject(errorOf(`${Buffer.from(record?.value ?? []).toString('utf8')} ${planted}`));
    const written = await run('respool', batchOf('change-spool.fifo', ...spooled()));
    expect(written).toContain('"level":"error"');
    expect(written).not.toMatch(telltale);
  });

  it('when a message is no spooled change, and when its records are none', async () => {
    const bodies = [planted, `"${oneLine}"`, JSON.stringify({ v: 1, key: planted, records: [{ value: planted, headers: { planted } }] }), JSON.stringify({ v: planted })]; // prettier-ignore
    expect(await run('respool', batchOf('change-spool.fifo', ...bodies))).not.toMatch(telltale);
  });
});

describe('replay writes nothing of a change', () => {
  it.each(failures)('when the log fails with %s', async (_, errorOf) => {
    for (const failing of ['locate', 'read'] as const) {
      const working = rangeOf(plantedChange());
      range = { ...working, [failing]: () => Promise.reject(errorOf(`${JSON.stringify(plantedChange())} ${planted}`)) };
      const written = await run('replay', batchOf('replays.fifo', await replayMessage()));
      expect(written).toContain('"level":"error"');
      expect(written).not.toMatch(telltale);
    }
  });

  it('when a message is not what it says', async () => {
    expect(await run('replay', batchOf('replays.fifo', planted, `{"v": ${planted}`, JSON.stringify({ v: 1, [planted]: planted })))).not.toMatch(telltale); // prettier-ignore
  });
});

it('has sweep release what waits and send again what is dead, so that there was something to tell', () => {
  const swept = lines.filter((line) => line.includes('"function":"sweep"')).map((line) => JSON.parse(line) as Record<string, number>);
  expect(swept.some(({ released = 0 }) => released > 0)).toBe(true);
  expect(swept.some(({ recovered = 0 }) => recovered > 0)).toBe(true);
});

it('has metrics that name none of it', () => {
  const metrics = lines.filter((line) => line.includes('"_aws"'));
  expect(metrics.length).toBeGreaterThan(0);
  expect(metrics.filter((line) => telltale.test(line))).toEqual([]);
});
