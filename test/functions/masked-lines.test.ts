import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog } from '#lib/config/local-parts.ts';
import { deliveryIdOf } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { RelayError } from '#lib/errors.ts';
import type { ChangeLog } from '#lib/intake/change-log.ts';
import { orgIdSchema, orgSchema } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../local/aws-emulators.ts';
import { goldenEvent } from '../fixtures/aws/http-api-events.ts';
import { ok, startRawSubscriber, type RawRequest, type RawSubscriber } from '../lib/https/raw-subscriber.ts';
import { storedSubscription } from '../lib/subscriptions/stored-subscription.ts';
import { startTellingProxy, type TellingProxy } from '../support/telling-proxy.ts';
import { batchOf, planted, plantedChange, plantedPerson, telltale } from './planted.ts';
import { WatchedHandlers } from './watched-handlers.ts';

const person = { id: plantedPerson.id, type: 'User', alternateId: plantedPerson.userName, displayName: planted };
const secret = `whsec_${Buffer.from('planted planted planted planted!').toString('base64')}`;

const folder = mkdtempSync(join(tmpdir(), 'lines-'));
const watched = new WatchedHandlers();
const run: WatchedHandlers['run'] = (name, event) => watched.run(name, event);
let aws: AwsEmulators;
let dynamodbProxy: TellingProxy;
let fauxProxy: TellingProxy;
let box: SecretBox;
let receiver: RawSubscriber;
let answer: (request: RawRequest) => void;
/** What the log does with what it is given. */
let append: ChangeLog['append'];

beforeAll(async () => {
  aws = await startAwsEmulators();
  dynamodbProxy = await startTellingProxy(aws.dynamodbUrl);
  fauxProxy = await startTellingProxy(aws.sqsUrl);
  receiver = await startRawSubscriber((request) => {
    answer(request);
  });
  const keyFile = join(folder, 'key');
  createLocalKeyFile(keyFile);
  box = new SecretBox(localDataKeys(keyFile), { now: () => new Date() });
  await dynamodbOrgStore({ client: direct(), table: 'orgs' }).put(
    orgSchema.parse({
      id: 'acme',
      hosts: ['acme.okta.com'],
      authentication: [{ kind: 'header', headerName: 'authorization', digests: [digestOf('acme hook secret')] }],
    }),
  );
  const proxied = { AWS_ENDPOINT_URL_DYNAMODB: dynamodbProxy.url, AWS_ENDPOINT_URL_SQS: fauxProxy.url, AWS_ENDPOINT_URL_S3: fauxProxy.url };
  const settings = { CHANGE_LOG: 'embedded', SECRETS_KEY_FILE: keyFile, ALLOW_LOOPBACK_SUBSCRIBERS: 'true', ATTEMPT_TIMEOUT_MS: '600' };
  provideEnvironment({ ...aws.environment, ...proxied, ...settings });
  provideChangeLog({ append: (...given) => append(...given) });
  await watched.load('receive-hook', 'fan-out', 'deliver');
});
afterAll(async () => {
  await receiver.close();
  await dynamodbProxy.stop();
  await fauxProxy.stop();
  await aws.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  append = () => Promise.resolve();
  answer = ({ socket }) => socket.write(ok);
  for (const proxy of [dynamodbProxy, fauxProxy]) proxy.fail(undefined);
});

const direct = () => dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });

/** An event of Okta's with something planted wherever there is room. */
const hookEvent = (members: object = {}) => ({
  uuid: randomUUID(),
  published: '2026-11-21T11:59:50.100Z',
  eventType: 'user.account.privilege.grant',
  displayMessage: planted,
  actor: { ...person, id: '00uactor00000000001' },
  outcome: { result: 'SUCCESS', reason: planted },
  target: [person, { id: '00gplace00000000001', type: 'UserGroup', alternateId: planted, displayName: planted }],
  debugContext: { debugData: { privilegeGranted: planted, changedAttributes: planted } },
  ...members,
});
const hookOf = (body: string) => {
  const golden = goldenEvent('events-post');
  const headers = { ...golden.headers, traceparent: `01-${'4'.repeat(32)}-${'5'.repeat(16)}-01-planted@example.com` };
  return { ...golden, headers, body, requestContext: { ...golden.requestContext, timeEpoch: Date.now() } };
};
const eventsOf = (...events: unknown[]) => hookOf(JSON.stringify({ data: { events } }));

let offset = 0;
const recordsOf = (...values: string[]) => ({
  eventSource: 'aws:kafka',
  records: {
    'identity.changes.v1-0': values.map((value) => ({
      topic: 'identity.changes.v1',
      partition: 0,
      offset: (offset += 1),
      timestamp: Date.now(),
      timestampType: 'CREATE_TIME',
      key: Buffer.from(planted).toString('base64'),
      value: Buffer.from(value).toString('base64'),
      headers: [{ planted: [...Buffer.from(planted)] }],
    })),
  },
});
let subscribed = 0;
async function subscription(overrides: Partial<Subscription> = {}): Promise<Subscription> {
  const fresh = storedSubscription((subscribed += 1), { name: planted.replaceAll('\n', ' '), ...overrides });
  const sealed = await box.seal(secret, { purpose: 'signing-secret', owner: fresh.id });
  const made = { url: `http://127.0.0.1:${receiver.port}/planted`, types: ['*'], signingSecrets: [{ sealed, createdAt: fresh.createdAt }] };
  const stored = { ...fresh, ...made, ...overrides };
  await dynamodbSubscriptionStore({ client: direct(), table: 'subscriptions' }).create(stored);
  return stored;
}
const messageTo = ({ id }: Pick<Subscription, 'id'>, change = plantedChange()) =>
  JSON.stringify({ v: 1, delivery: deliveryIdOf(id, orgIdSchema.parse('acme'), change.id), subscription: id, org: 'acme', change });

const inputs = {
  'receive-hook': () => eventsOf(hookEvent(), { published: planted, uuid: randomUUID() }, { [planted]: planted }),
  'fan-out': () => recordsOf(JSON.stringify(plantedChange()), `{"data": ${planted}`),
  deliver: async () =>
    batchOf('deliveries.fifo', messageTo(await subscription()), `{"v":1,"org":"acme","planted":"${person.displayName}"}`),
} as const;

describe.each(Object.keys(inputs) as (keyof typeof inputs)[])('%s writes nothing of a change', (name) => {
  it('when all goes well, and when each thing it asks of AWS is refused with its own words', async () => {
    if (name === 'fan-out') await subscription();
    for (const proxy of [dynamodbProxy, fauxProxy]) proxy.operations.clear();
    expect(await run(name, await inputs[name]())).not.toMatch(telltale);
    const asked = [dynamodbProxy, fauxProxy].flatMap((proxy) => [...proxy.operations].map((operation) => [proxy, operation] as const));
    expect(asked.length).toBeGreaterThan(1);
    let failures = 0;
    for (const [proxy, operation] of asked) {
      proxy.fail(operation);
      const written = await run(name, await inputs[name]());
      proxy.fail(undefined);
      expect({ operation, written }).toEqual({ operation, written: expect.not.stringMatching(telltale) });
      if (written.includes('"level":"error"')) failures += 1;
    }
    expect(failures).toBeGreaterThan(0);
  });
});

describe('receive-hook writes nothing of a change', () => {
  it.each<[string, () => unknown]>([
    ['what is no JSON', () => hookOf(`{"events": ${planted}`)],
    ['events that are none', () => eventsOf(planted, [planted], { eventType: planted, uuid: planted, published: planted })],
    ['a type nobody knows', () => eventsOf(hookEvent({ eventType: 'planted.event.type' }))],
    ['an event that is too deep', () => hookOf(JSON.stringify({ data: { events: [hookEvent({ client: '?' })] } }).replace('"?"', `${'['.repeat(300)}"planted"${']'.repeat(300)}`))], // prettier-ignore
    ['an event that is too large', () => eventsOf(hookEvent({ client: 'planted'.repeat(50_000) }))],
    ['an outcome with a name in it', () => eventsOf(hookEvent({ outcome: { result: planted } }))],
  ])('given %s', async (_, event) => {
    expect(await run('receive-hook', event())).not.toMatch(telltale);
  });

  it.each<[string, (text: string) => Error]>([
    ['an error of its own that quotes them', (text) => new Error(text)],
    ['an error that names itself and where it was after what was said to it', (text) => new SyntaxError(`Unexpected ${text}`)],
    ['our error about an error that quotes them', (text) => new RelayError('CHANGE_LOG_UNAVAILABLE', 'away', { cause: new Error(text) })],
    [
      'an error that was given another text after it was looked at',
      (text) => {
        const error = new Error(text);
        return Object.assign(error, { message: (error.stack ?? '').slice(0, 0) + 'something else' });
      },
    ],
  ])('when the log fails with %s', async (_, errorOf) => {
    append = ([record]) => Promise.reject(errorOf(`${Buffer.from(record?.value ?? []).toString('utf8')} ${planted}`));
    const written = await run('receive-hook', eventsOf(hookEvent()));
    expect(written).toContain('"level":"error"');
    expect(written).not.toMatch(telltale);
  });
});

describe('deliver writes nothing of a change', () => {
  it.each<[string, (request: RawRequest) => void]>([
    ['500 and all it was sent', ({ socket, body, head }) => socket.end(`HTTP/1.1 500 ${planted.split('\n')[0]}\r\nx-planted: planted\r\ncontent-length: ${body.length + head.length}\r\n\r\n${head}${body}`)], // prettier-ignore
    ['a redirect to what it was sent', ({ socket }) => socket.end('HTTP/1.1 302 Found\r\nlocation: https://planted.example.com/\r\ncontent-length: 0\r\n\r\n')], // prettier-ignore
    ['410 Gone', ({ socket }) => socket.end('HTTP/1.1 410 Planted\r\ncontent-length: 7\r\n\r\nplanted')],
    [
      '400 and a date that is a name',
      ({ socket }) => socket.end('HTTP/1.1 429 Planted\r\nretry-after: planted\r\ncontent-length: 0\r\n\r\n'),
    ],
    ['what is no HTTP', ({ socket, body }) => socket.end(body)],
    ['nothing', ({ socket }) => socket.resetAndDestroy()],
  ])('when the receiver answers %s', async (_, answering) => {
    answer = answering;
    expect(await run('deliver', batchOf('deliveries.fifo', messageTo(await subscription())))).not.toMatch(telltale);
  });

  it('when a secret was sealed under another key, is no secret, or belongs to another', async () => {
    const noSecret = await subscription();
    const context = { purpose: 'signing-secret', owner: noSecret.id } as const;
    const store = dynamodbSubscriptionStore({ client: direct(), table: 'subscriptions' });
    const other = await subscription();
    const bad = [await box.seal(planted, context), { ...(await box.seal(secret, context)), keyId: 'planted-not-ours' }, other.signingSecrets[0]?.sealed]; // prettier-ignore
    for (const sealed of bad) {
      const fresh = await subscription();
      if (sealed !== undefined) await store.change(fresh, { at: new Date(), signingSecrets: [{ sealed, createdAt: fresh.createdAt }] });
      const written = await run('deliver', batchOf('deliveries.fifo', messageTo(fresh)));
      expect(written).toContain('SECRET_UNREADABLE');
      expect(written.replaceAll('planted-not-ours', '')).not.toMatch(telltale);
    }
  });

  it('when what is stored of the subscription cannot be read', async () => {
    const { id } = await subscription();
    const item = { kind: { S: 'subscription' }, id: { S: id }, subscription: { S: `{"name": ${planted}` } };
    await direct().send(new PutItemCommand({ TableName: 'subscriptions', Item: item }));
    const written = await run('deliver', batchOf('deliveries.fifo', messageTo({ id })));
    expect(written).toContain('SUBSCRIPTION_STORE_UNAVAILABLE');
    expect(written).not.toMatch(telltale);
  });

  it('when the message is not what it says', async () => {
    const at = await subscription();
    const bodies = [planted, `{"v": ${planted}`, messageTo(at).replace('"delivery":"dlv_', '"delivery":"dlv_0'), messageTo(at, plantedChange({ time: planted }))]; // prettier-ignore
    expect(await run('deliver', batchOf('deliveries.fifo', ...bodies))).not.toMatch(telltale);
  });
});

describe('fan-out writes nothing of a change', () => {
  it.each<[string, () => unknown]>([
    ['records that are no changes', () => recordsOf(planted, `"planted"`, JSON.stringify({ [planted]: planted }))],
    ['changes with a name where a member of the contract is', () => recordsOf(JSON.stringify(plantedChange({ time: planted, origin: planted, source: planted })))], // prettier-ignore
    ['a partition key that is a name', () => recordsOf(JSON.stringify(plantedChange({ partitionkey: planted })))],
    ['an event that is none of Kafka', () => ({ eventSource: 'aws:kafka', records: { [planted]: [{ topic: planted, value: planted }] } })],
  ])('given %s', async (_, event) => {
    expect(await run('fan-out', event())).not.toMatch(telltale);
  });
});
