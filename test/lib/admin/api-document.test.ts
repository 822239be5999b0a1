import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answerAdmin, answerFailure } from '#lib/admin/answer.ts';
import type { AdminParts } from '#lib/admin/admin-call.ts';
import type { AdminOutcome } from '#lib/admin/admin-outcome.ts';
import { administer } from '#lib/admin/administer.ts';
import { routes } from '#lib/admin/routes.ts';
import { checkEndpointUrl } from '#lib/webhooks/address-guard.ts';
import { recoveryRequestSchema } from '#lib/delivery/begin-recovery.ts';
import { deliveryReasons, deliveryStatuses } from '#lib/delivery/delivery.ts';
import { RelayError } from '#lib/errors.ts';
import { changeOrgSchema, createOrgSchema, rotateSecretSchema } from '#lib/orgs/org-request.ts';
import { replayFailures, replayStatuses } from '#lib/replay/replay.ts';
import { replayRequestSchema } from '#lib/replay/replay-request.ts';
import { jwkOf } from '#lib/subscriptions/ed25519-keys.ts';
import { pauseRequestSchema } from '#lib/subscriptions/pause-subscription.ts';
import { retryBounds } from '#lib/subscriptions/retry-seconds.ts';
import { maxLiveSecrets, rotateSecretSchema as rotateSigningSecretSchema } from '#lib/subscriptions/rotate-secret.ts';
import { subscriptionPatchSchema } from '#lib/subscriptions/subscription-patch.ts';
import { subscriptionRequestSchema } from '#lib/subscriptions/subscription-request.ts';
import { defaultConcurrency, disabledReasons, subscriptionStatuses } from '#lib/subscriptions/subscription.ts';
import { compileFilter, filterRoots } from '#lib/subscriptions/scim-filter/compile-filter.ts';
import { compareOperators, filterLimits } from '#lib/subscriptions/scim-filter/filter.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const document = read('api.md');
const sections = new Map(
  [...document.matchAll(/^## ([^\n]+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].map(([, title = '', text = '']) => [title, text]),
);
const calls = [...sections].filter(([title]) => /^(GET|POST|PUT|PATCH|DELETE) /.test(title));
const jsonBlocks = (text: string): unknown[] => [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block = '']) => JSON.parse(block));
/** First cells of the table under this heading. */
const rows = (text: string, heading: string) => {
  const table = text.slice(text.indexOf(`| ${heading} |`)).split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `?([^`|]+?)`? \|/gm)]
    .map(([, cell = '']) => cell)
    .filter((cell) => cell !== heading && !cell.startsWith('-'));
};

/** Parts that let everyone through and hold nothing. */
const parts: AdminParts = {
  authorisation: { isAllowed: () => true, challenge: '' },
  subscriptions: {
    create: async () => 'created',
    find: async () => undefined,
    list: async () => ({ kind: 'page', data: [], nextCursor: null }),
    change: async () => 'conflict',
    setStatus: async () => false,
    setRecovery: async () => false,
  },
  deliveries: {
    list: async () => ({ kind: 'page', data: [], nextCursor: null }),
    find: async () => undefined,
    letter: async () => undefined,
  },
  lanes: { find: async () => undefined, hasten: async () => false },
  queues: { deliveries: memoryDeliveryQueue(), replayDeliveries: memoryDeliveryQueue() },
  quarantine: { list: async () => ({ kind: 'page', data: [], nextCursor: null }) },
  replays: {
    create: async () => ({ kind: 'created' }),
    find: async () => undefined,
    list: async () => ({ kind: 'page', data: [], nextCursor: null }),
  },
  replayQueue: { send: async () => undefined },
  orgs: {
    create: async () => 'created',
    find: async () => undefined,
    list: async () => ({ kind: 'page', data: [], nextCursor: null }),
    replace: async () => 'replaced',
    remove: async () => 'removed',
  },
  orgSenders: { hooks: async () => [], forget: async () => undefined },
  secretBox: { seal: () => Promise.reject(new Error('not asked for')) },
  checkUrl: (url) => checkEndpointUrl(url, { allowLoopback: false }),
  now: () => new Date(0),
  randomBytes: (count) => new Uint8Array(count),
  newEventId: () => '6f1d6ad4-6a2e-4f6b-8a39-0e5d9f6f2a10',
};
const get = (path: string, query: string) =>
  administer({ method: 'GET', path, query: new URLSearchParams(query), headers: new Map(), body: new Uint8Array(), sentAtMs: 0 }, parts);

/** The id that the examples of this call use. */
function exampleId(path: string): string {
  const ids: Record<string, string> = {
    subscriptions: 'sub_01kaq8v1c0f3zq6m2x7w9ystrb',
    deliveries: 'dlv_5f0c6a1d9b3e4f7781a2b3c4d5e6f708',
    orgs: 'contoso',
    replays: 'rpl_01kaq9v1c0f3zq6m2x7w9ystrb',
  };
  return ids[path.split('/')[2] ?? ''] ?? 'no example';
}

/** Calls that are answered 204. */
const answersNothing: readonly string[] = ['DELETE /v1/subscriptions/{id}', 'DELETE /v1/subscriptions/{id}/recover'];

describe('docs/api.md', () => {
  it('describes every route, and nothing that is no route', () => {
    expect(calls.map(([title]) => title)).toEqual(routes.map(({ method, path }) => `${method} ${path}`));
  });

  it.each(calls)('%s has a curl that calls it and an answer', (title, text) => {
    const [method, path = ''] = title.split(' ');
    expect(text).toContain(`curl -sS "$RELAY${path.replace('{id}', exampleId(path))}`);
    expect(text.includes(`-X ${method}`)).toBe(method === 'PATCH' || method === 'DELETE');
    expect(text.includes("-d '")).toBe(method === 'POST' || method === 'PATCH');
    expect(jsonBlocks(text)).toHaveLength(answersNothing.includes(title) ? 0 : 1);
  });

  it.each(calls.filter(([title]) => title.startsWith('GET') && !title.includes('{')))(
    '%s takes the parameters in its table and no other',
    async (title, text) => {
      const path = title.split(' ')[1] ?? '';
      const named = rows(text, 'parameter');
      const examples: Record<string, string> = {
        limit: '1',
        cursor: 'x',
        subscription: 'sub_00000000000000000000000000',
        status: 'dead',
        change: 'x',
        user: 'x',
        since: '2026-11-21T12:00:00Z',
        until: '2026-11-21T13:00:00Z',
        org: 'acme',
      };
      for (const [name, value] of Object.entries(examples)) {
        const outcome = await get(path, `${name}=${encodeURIComponent(value)}`);
        expect({ name, kind: outcome.kind }).toEqual({ name, kind: named.includes(name) ? 'found' : 'invalid' });
      }
      expect(Object.keys(examples)).toEqual(expect.arrayContaining(named));
    },
  );

  const allowed = { checkUrl: () => ({ kind: 'allowed' }) as const };

  it('names the fields of a subscription that are offered', () => {
    const schema = subscriptionRequestSchema(allowed);
    const documented = rows(sections.get('POST /v1/subscriptions') ?? '', 'field');
    expect(documented).toEqual(Object.keys(schema.shape));
  });

  it('names the fields of a subscription that can be changed and those that cannot', () => {
    const text = sections.get('PATCH /v1/subscriptions/{id}') ?? '';
    for (const name of Object.keys(subscriptionPatchSchema(allowed).shape)) expect(text).toContain(`\`${name}\``);
  });

  it('shows limits that are in force', () => {
    const text = sections.get('POST /v1/subscriptions') ?? '';
    expect(text).toContain(`${defaultConcurrency} if not given`);
    const { maxWaits, maxSumSeconds } = retryBounds;
    expect(text).toContain(`1 to ${maxWaits} waits`);
    expect(maxSumSeconds).toBe(7 * 86_400);
    const fields = subscriptionRequestSchema(allowed).shape;
    expect(fields.limits.safeParse({ deliveriesPerSecond: 1_000, concurrency: 100 }).success).toBe(true);
    expect(text).toContain('1 to 1,000');
    expect(text).toContain('1 to 100');
  });

  it('sends bodies that are accepted by what happens to a subscription', () => {
    const at = new Date('2026-11-21T12:00:00Z');
    const schemas: Record<string, { safeParse(body: unknown): { error?: unknown } }> = {
      'PATCH /v1/subscriptions/{id}': subscriptionPatchSchema(allowed),
      'POST /v1/subscriptions/{id}/pause': pauseRequestSchema(at),
      'POST /v1/subscriptions/{id}/rotate-secret': rotateSigningSecretSchema,
      'POST /v1/subscriptions/{id}/recover': recoveryRequestSchema(at),
    };
    for (const [title, schema] of Object.entries(schemas))
      expect(schema.safeParse(JSON.parse(/-d '([^']+)'/.exec(sections.get(title) ?? '')?.[1] ?? '')).error).toBeUndefined();
  });

  it('names the fields of a rotation of a signing secret, and how many can sign', () => {
    const text = sections.get('POST /v1/subscriptions/{id}/rotate-secret') ?? '';
    expect(rows(text, 'field')).toEqual(Object.keys(rotateSigningSecretSchema.shape));
    expect(maxLiveSecrets).toBe(8);
    expect(text).toContain('eight in all');
  });

  it('shows a key as it is served, under its own thumbprint', () => {
    const [shown] = jsonBlocks(sections.get('GET /v1/subscriptions/{id}/jwks.json') ?? '') as [{ keys: { x: string }[] }];
    const publicKey = Buffer.from(shown.keys[0]?.x ?? '', 'base64url').toString('base64');
    expect(shown).toEqual({ keys: [jwkOf(publicKey)] });
  });

  it('asks for a token everywhere but where a route is open', () => {
    const without = calls.filter(([, text]) => !text.includes('Authorization: Bearer')).map(([title]) => title);
    expect(without).toEqual(routes.filter(({ open }) => open === true).map(({ method, path }) => `${method} ${path}`));
    expect(without).toEqual(['GET /v1/subscriptions/{id}/jwks.json']);
  });

  it('names every reason of a delivery, of a disabled subscription, and every status of one that is shown', () => {
    for (const reason of deliveryReasons) expect(sections.get('GET /v1/deliveries')).toContain(`\`${reason}\``);
    for (const reason of disabledReasons) expect(sections.get('GET /v1/subscriptions')).toContain(`\`${reason}\``);
    for (const status of subscriptionStatuses.filter((status) => status !== 'deleted'))
      expect(sections.get('GET /v1/subscriptions')).toContain(`\`${status}\``);
  });

  it('sends a body that is accepted', () => {
    const body = /-d '([^']+)'/.exec(document)?.[1] ?? '';
    expect(
      subscriptionRequestSchema({ checkUrl: (url) => checkEndpointUrl(url, { allowLoopback: false }) }).safeParse(JSON.parse(body)).success,
    ).toBe(true);
  });

  it('names the fields of a replay, its states and its failures, and sends a body that is accepted', () => {
    const schema = replayRequestSchema(new Date('2026-11-21T12:00:00Z'));
    const post = sections.get('POST /v1/replays') ?? '';
    expect(rows(post, 'field').flatMap((cell) => cell.split('`, `'))).toEqual(Object.keys(schema.shape));
    expect(schema.safeParse(JSON.parse(/-d '([^']+)'/.exec(post)?.[1] ?? '')).success).toBe(true);
    const get = sections.get('GET /v1/replays/{id}') ?? '';
    expect(rows(get, '`status`')).toEqual(['status', ...replayStatuses]);
    for (const failure of replayFailures) expect(get).toContain(`\`${failure}\``);
  });

  it('names the fields of an org, of a change to it and of a rotation, and sends bodies that are accepted', () => {
    const schemas = {
      'POST /v1/orgs': createOrgSchema,
      'PATCH /v1/orgs/{id}': changeOrgSchema,
      'POST /v1/orgs/{id}/rotate-secret': rotateSecretSchema,
    };
    for (const [title, schema] of Object.entries(schemas)) {
      const text = sections.get(title) ?? '';
      expect(rows(text, 'field')).toEqual(Object.keys(schema.shape));
      expect(schema.safeParse(JSON.parse(/-d '([^']+)'/.exec(text)?.[1] ?? '')).error).toBeUndefined();
    }
  });

  it('names every status of a delivery', () => {
    for (const status of deliveryStatuses) expect(sections.get('GET /v1/deliveries')).toContain(`\`${status}\``);
  });

  it('lists every status that is answered to a fault, and no other', () => {
    const outcomes: AdminOutcome[] = [
      { kind: 'unauthorised', challenge: 'x' },
      { kind: 'not-found' },
      { kind: 'other-method', allow: ['GET'] },
      { kind: 'conflict', detail: 'x' },
      { kind: 'not-json' },
      { kind: 'other-media-type' },
      { kind: 'too-large', maxBytes: 1 },
      { kind: 'invalid', errors: [] },
    ];
    const failures = [new Error('x'), new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'x'), new RelayError('SECRET_UNREADABLE', 'x')];
    const answered = [...outcomes.map(answerAdmin), ...failures.map(answerFailure)].map(({ statusCode }) => String(statusCode));
    expect(rows(sections.get('Errors') ?? '', 'status')).toEqual([...new Set(answered)].toSorted());
  });
});

describe('docs/scim-filter.md', () => {
  const filters = read('scim-filter.md');

  it('shows filters that compile', () => {
    const shown = /```text\n([\s\S]*?)```/.exec(filters)?.[1]?.trim().split('\n') ?? [];
    expect(shown).toHaveLength(4);
    for (const filter of shown) expect(compileFilter(filter)).toMatchObject({ kind: 'compiled' });
  });

  it('names every operator, every beginning of a path, and the limits in force', () => {
    for (const name of [...compareOperators, 'pr', ...filterRoots]) expect(filters).toContain(`\`${name}\``);
    expect(filters).toContain(`| length | ${filterLimits.maxLength.toLocaleString('en')} characters |`);
    expect(filters).toContain(`inside one another | ${filterLimits.maxDepth} |`);
    expect(filters).toContain(`\`pr\` included | ${filterLimits.maxComparisons} |`);
  });
});
