import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkEndpointUrl } from '#lib/webhooks/address-guard.ts';
import { RelayError } from '#lib/errors.ts';
import type { DataKeys } from '#lib/sealing/data-keys.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { createSubscription, type CreateSubscriptionParts } from '#lib/subscriptions/create-subscription.ts';
import { subscriptionSchema, type Subscription } from '#lib/subscriptions/subscription.ts';

const now = () => new Date('2026-11-21T12:00:00.000Z');
/** Keys that wrap nothing: the box around them is real. */
const plainKeys: DataKeys = {
  generate: () => {
    const key = randomBytes(32);
    return Promise.resolve({ keyId: 'plain', plaintext: Uint8Array.from(key), wrapped: key });
  },
  unwrap: (wrapped) => Promise.resolve(wrapped),
};
const secretBox = new SecretBox(plainKeys, { now });

function memory(outcome: 'created' | 'exists' = 'created') {
  const stored: Subscription[] = [];
  const parts: CreateSubscriptionParts = {
    store: {
      create: (subscription) => {
        if (outcome === 'created') stored.push(subscription);
        return Promise.resolve(outcome);
      },
    },
    secretBox,
    checkUrl: (url) => checkEndpointUrl(url, { allowLoopback: false }),
    now,
    randomBytes,
  };
  return { stored, parts };
}

const good = { name: 'HR sync', url: 'https://hooks.example.com/identity?a=b', types: ['identity.user.*'] };

describe('createSubscription', () => {
  it('stores what was asked for with the defaults, and tells the secret once', async () => {
    const { stored, parts } = memory();
    const outcome = await createSubscription(good, parts);
    expect(outcome).toMatchObject({ kind: 'created', secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
    expect(stored).toHaveLength(1);
    const [subscription] = stored;
    expect(subscriptionSchema.parse(subscription)).toEqual(subscription);
    expect(subscription).toMatchObject({
      ...good,
      ordering: 'per-subject',
      format: 'cloudevents',
      status: 'active',
      createdAt: '2026-11-21T12:00:00.000Z',
      updatedAt: '2026-11-21T12:00:00.000Z',
    });
    expect(subscription).not.toHaveProperty('orgs');
    expect(subscription).not.toHaveProperty('filter');
  });

  it('stores the secret sealed for that subscription', async () => {
    const { stored, parts } = memory();
    const outcome = await createSubscription(good, parts);
    const [subscription] = stored;
    const secret = outcome.kind === 'created' ? (outcome.secret ?? '') : '';
    expect(JSON.stringify(stored)).not.toContain(secret.slice('whsec_'.length));
    expect(await secretBox.open(subscription!.signingSecrets[0]!.sealed, { purpose: 'signing-secret', owner: subscription!.id })).toBe(
      secret,
    );
  });

  it('keeps every choice', async () => {
    const { stored, parts } = memory();
    const all = { ...good, orgs: ['acme', 'beta'], filter: 'user.userName ew "@example.com"', ordering: 'none', format: 'cloudevents' };
    expect((await createSubscription(all, parts)).kind).toBe('created');
    expect(stored[0]).toMatchObject(all);
  });

  it('keeps limits, waits and what becomes of stale changes', async () => {
    const { stored, parts } = memory();
    const limits = { deliveriesPerSecond: 1_000, concurrency: 100 };
    // Seven days in all, the most there can be.
    const schedule = [1, ...Array.from({ length: 6 }, () => 86_400), 86_399];
    expect((await createSubscription({ ...good, limits, retry: { schedule }, stale: 'late' }, parts)).kind).toBe('created');
    expect(stored[0]).toMatchObject({ limits, retrySeconds: schedule, stale: 'late' });
    expect(subscriptionSchema.parse(stored[0])).toEqual(stored[0]);
  });

  it('lets nobody ask for more requests at a time than the stage allows', async () => {
    const { stored, parts } = memory();
    const ask = (concurrency: number) => createSubscription({ ...good, limits: { concurrency } }, { ...parts, maxConcurrency: 12 });
    expect((await ask(12)).kind).toBe('created');
    expect(await ask(13)).toEqual({
      kind: 'invalid',
      errors: [{ pointer: '/limits/concurrency', detail: 'must be a whole number from 1 to 12' }],
    });
    expect(stored).toHaveLength(1);
  });

  it('keeps what is to be sent of a change', async () => {
    const { stored, parts } = memory();
    const attributes = ['user.userName', 'scim.attributes'];
    expect((await createSubscription({ ...good, attributes }, parts)).kind).toBe('created');
    expect((await createSubscription({ ...good, format: 'minimal' }, parts)).kind).toBe('created');
    expect(stored).toMatchObject([{ format: 'cloudevents', attributes }, { format: 'minimal' }]);
    expect(stored[1]).not.toHaveProperty('attributes');
  });

  it.each([
    ['v1', [false], true],
    ['v1a', [true], false],
    ['both', [false, true], true],
  ] as const)('makes what %s needs, and tells a shared secret only', async (signature, hasPublicKey, isTold) => {
    const { stored, parts } = memory();
    const outcome = await createSubscription({ ...good, signature }, parts);
    const secrets = stored[0]?.signingSecrets ?? [];
    expect(secrets.map(({ publicKey }) => publicKey !== undefined)).toEqual(hasPublicKey);
    expect(outcome.kind === 'created' && outcome.secret !== undefined).toBe(isTold);
    expect(JSON.stringify(outcome)).not.toContain('whsk_');
    expect(subscriptionSchema.parse(stored[0])).toEqual(stored[0]);
  });

  it('keeps nothing of limits that say nothing', async () => {
    const { stored, parts } = memory();
    expect((await createSubscription({ ...good, limits: {} }, parts)).kind).toBe('created');
    for (const name of ['limits', 'retrySeconds', 'stale']) expect(stored[0]).not.toHaveProperty(name);
  });

  it('makes another id and another secret each time', async () => {
    const { stored, parts } = memory();
    const secrets = await Promise.all(Array.from({ length: 20 }, async () => JSON.stringify(await createSubscription(good, parts))));
    expect(new Set(stored.map(({ id }) => id)).size).toBe(20);
    expect(new Set(secrets).size).toBe(20);
  });

  it.each([
    [{ ...good, name: undefined }, '/name', 'is required'],
    [{ ...good, name: '' }, '/name', '1 to 100 characters'],
    [{ ...good, name: '   ' }, '/name', '1 to 100 characters'],
    [{ ...good, name: 'x'.repeat(101) }, '/name', '1 to 100 characters'],
    [{ ...good, name: 'a\u0000b' }, '/name', 'control characters'],
    [{ ...good, name: '\ud800' }, '/name', 'control characters'],
    [{ ...good, name: 7 }, '/name', 'must be a text'],
    [{ ...good, url: undefined }, '/url', 'is required'],
    [{ ...good, url: null }, '/url', 'must be an HTTPS URL'],
    [{ ...good, url: 'hooks.example.com' }, '/url', 'is not a URL'],
    [{ ...good, url: 'http://hooks.example.com/' }, '/url', 'must start with https://'],
    [{ ...good, url: 'https://user:pass@hooks.example.com/' }, '/url', 'user name or password'],
    [{ ...good, url: 'https://hooks.example.com/#x' }, '/url', 'fragment'],
    [{ ...good, url: 'https://hooks.example.com/#' }, '/url', 'fragment'],
    [{ ...good, url: `https://hooks.example.com/${'x'.repeat(2_048)}` }, '/url', '2048 characters at most'],
    [{ ...good, url: 'https://bücher.example.com/' }, '/url', 'ASCII'],
    [{ ...good, url: 'https://hooks.exam\nple.com/' }, '/url', 'ASCII'],
    [{ ...good, url: 'https://127.0.0.1/' }, '/url', 'must not point at 127.0.0.1'],
    [{ ...good, url: 'https://0x7f.1/' }, '/url', 'must not point at 127.0.0.1'],
    [{ ...good, url: 'https://169.254.169.254/latest' }, '/url', 'must not point at'],
    [{ ...good, url: 'https://localhost:8443/' }, '/url', 'must not point at localhost'],
    [{ ...good, types: undefined }, '/types', 'is required'],
    [{ ...good, types: 'identity.user.*' }, '/types', 'must be a list'],
    [{ ...good, types: [] }, '/types', 'at least one'],
    [{ ...good, types: Array.from({ length: 51 }, () => '*') }, '/types', '50 entries at most'],
    [{ ...good, types: ['*', 'identity.*.created'] }, '/types/1', 'at the end only'],
    [{ ...good, types: [3] }, '/types/0', 'must be a change type'],
    [{ ...good, orgs: [] }, '/orgs', 'leave it out'],
    [{ ...good, orgs: ['acme', 'ACME'] }, '/orgs/1', 'must be an org id'],
    [{ ...good, orgs: null }, '/orgs', 'must be a list'],
    [{ ...good, filter: '' }, '/filter', 'expected an attribute'],
    [{ ...good, filter: 'user.userName = "x"' }, '/filter', 'at character 15'],
    [{ ...good, filter: 'x'.repeat(2_049) }, '/filter', '2048 characters at most'],
    [{ ...good, ordering: 'global' }, '/ordering', '`per-subject` or `none`'],
    [{ ...good, format: 'scim' }, '/format', '`cloudevents`'],
    [{ ...good, attributes: [] }, '/attributes', 'at least one attribute'],
    [{ ...good, attributes: 'user' }, '/attributes', 'must be a list of attribute paths'],
    [{ ...good, attributes: ['user', 'userName'] }, '/attributes/1', 'paths begin with one of'],
    [{ ...good, attributes: [7] }, '/attributes/0', 'must be an attribute path'],
    [{ ...good, attributes: Array.from({ length: 51 }, () => 'user') }, '/attributes', '50 entries at most'],
    [{ ...good, format: 'minimal', attributes: ['user'] }, '/attributes', 'sends ids only'],
    [{ ...good, signature: 'v2' }, '/signature', '`v1`, `v1a` or `both`'],
    [{ ...good, limits: null }, '/limits', 'must be a JSON object'],
    [{ ...good, limits: { concurrency: 0 } }, '/limits/concurrency', 'a whole number from 1 to 100'],
    [{ ...good, limits: { concurrency: 101 } }, '/limits/concurrency', 'a whole number from 1 to 100'],
    [{ ...good, limits: { concurrency: 1.5 } }, '/limits/concurrency', 'a whole number from 1 to 100'],
    [{ ...good, limits: { concurrency: '5' } }, '/limits/concurrency', 'a whole number from 1 to 100'],
    [{ ...good, limits: { deliveriesPerSecond: 0 } }, '/limits/deliveriesPerSecond', 'a whole number from 1 to 1000'],
    [{ ...good, limits: { deliveriesPerSecond: 1_001 } }, '/limits/deliveriesPerSecond', 'a whole number from 1 to 1000'],
    [{ ...good, limits: { perMinute: 1 } }, '/limits/perMinute', 'is not a field of limits'],
    [{ ...good, retry: {} }, '/retry/schedule', 'is required'],
    [{ ...good, retry: [5] }, '/retry', 'must be a JSON object'],
    [{ ...good, retry: { schedule: [] } }, '/retry/schedule', '1 to 15 waits'],
    [{ ...good, retry: { schedule: Array.from({ length: 16 }, () => 1) } }, '/retry/schedule', '1 to 15 waits'],
    [{ ...good, retry: { schedule: [0] } }, '/retry/schedule', 'whole seconds from 1 to 86400'],
    [{ ...good, retry: { schedule: [86_401] } }, '/retry/schedule', 'whole seconds from 1 to 86400'],
    [{ ...good, retry: { schedule: [0.5] } }, '/retry/schedule', 'whole seconds from 1 to 86400'],
    [{ ...good, retry: { schedule: ['5'] } }, '/retry/schedule/0', 'a number of seconds'],
    [{ ...good, retry: { schedule: Array.from({ length: 8 }, () => 86_400) } }, '/retry/schedule', 'seven days'],
    [{ ...good, retry: { schedule: [5], jitter: 0 } }, '/retry/jitter', 'is not a field of retry'],
    [{ ...good, stale: 'drop' }, '/stale', '`skip` or `late`'],
    [{ ...good, retrySeconds: [5] }, '/retrySeconds', 'is not a field'],
    [{ ...good, status: 'paused' }, '/status', 'is not a field'],
    [{ ...good, secret: 'whsec_mine' }, '/secret', 'is not a field'],
    [{ ...good, 'a/b~c': 1 }, '/a~1b~0c', 'is not a field'],
    [JSON.parse('{"name":"x","url":"https://a.example.com","types":["*"],"__proto__":{"polluted":1}}'), '/__proto__', 'is not a field'],
    [null, '', 'must be a JSON object'],
    [[good], '', 'must be a JSON object'],
    ['text', '', 'must be a JSON object'],
  ])('refuses %j, naming %s', async (body, pointer, reason) => {
    const { stored, parts } = memory();
    const outcome = await createSubscription(body, parts);
    expect(outcome).toEqual({ kind: 'invalid', errors: [{ pointer, detail: expect.stringContaining(reason) }] });
    expect(stored).toEqual([]);
  });

  it('names every field at fault at once', async () => {
    const body = {
      name: '',
      url: 'ftp://x',
      types: ['nope', '*'],
      orgs: ['A'],
      filter: '(',
      ordering: 1,
      format: 1,
      attributes: [],
      limits: { concurrency: 0, deliveriesPerSecond: 0 },
      retry: { schedule: [] },
      stale: 1,
      more: 1,
    };
    const outcome = await createSubscription(body, memory().parts);
    const pointers = outcome.kind === 'invalid' ? outcome.errors.map(({ pointer }) => pointer) : [];
    expect([...pointers].sort()).toEqual([
      '/attributes',
      '/filter',
      '/format',
      '/limits/concurrency',
      '/limits/deliveriesPerSecond',
      '/more',
      '/name',
      '/ordering',
      '/orgs/0',
      '/retry/schedule',
      '/stale',
      '/types/0',
      '/url',
    ]);
  });

  it('tells 100 faults at most', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, 1]));
    const outcome = await createSubscription({ ...good, ...unknown }, memory().parts);
    expect(outcome.kind === 'invalid' && outcome.errors.length).toBe(100);
  });

  it('takes loopback where the given check does', async () => {
    const { parts } = memory();
    const local = { ...parts, checkUrl: (url: string) => checkEndpointUrl(url, { allowLoopback: true }) };
    expect((await createSubscription({ ...good, url: 'http://127.0.0.1:9999/x' }, local)).kind).toBe('created');
  });

  it('ends in a conflict when the id is taken', async () => {
    expect(await createSubscription(good, memory('exists').parts)).toEqual({ kind: 'conflict' });
  });

  it('stores nothing when the key is unreachable', async () => {
    const { stored, parts } = memory();
    const down: DataKeys = { ...plainKeys, generate: () => Promise.reject(new RelayError('KEY_UNAVAILABLE', 'down')) };
    await expect(createSubscription(good, { ...parts, secretBox: new SecretBox(down, { now }) })).rejects.toMatchObject({
      code: 'KEY_UNAVAILABLE',
    });
    expect(stored).toEqual([]);
  });
});
