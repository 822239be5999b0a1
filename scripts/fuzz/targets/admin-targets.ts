import { administer } from '#lib/admin/administer.ts';
import type { AdminParts } from '#lib/admin/admin-call.ts';
import type { AdminOutcome } from '#lib/admin/admin-outcome.ts';
import { readAdminRequest } from '#lib/admin/admin-request.ts';
import { answerAdmin } from '#lib/admin/answer.ts';
import { bearerAuthorisation } from '#lib/admin/authorisation.ts';
import { checkEndpointUrl } from '#lib/webhooks/address-guard.ts';
import type { DeliveryQueue } from '#lib/delivery/delivery-queue.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { dynamodbOrgRegistry } from '#lib/dynamodb/org-registry.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { dynamodbReplayStore } from '#lib/dynamodb/replay-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { compileSubscription } from '#lib/subscriptions/matches.ts';
import { headerScheme, noon, orgWith, sealedAs } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { storedSubscription } from '../../../test/lib/subscriptions/stored-subscription.ts';
import { gatewayEvent } from '../raw-call.ts';
import { changes, seedsOf } from '../seeds.ts';
import { defaultLimitMs, hold, type Target } from '../target.ts';

const token = 'fuzz-token';
const now = (): Date => noon;

/** Tables with nothing in them, without the price of an emulator: each command is answered with nothing found, as DynamoDB does. */
const emptyTables = { send: () => Promise.resolve({}) } as unknown as Parameters<typeof dynamodbReplayStore>[0]['client'];

const takesAll: DeliveryQueue = { send: () => Promise.resolve({ notSent: [], refused: [] }) };

const parts: AdminParts = {
  authorisation: bearerAuthorisation(token),
  subscriptions: {
    ...dynamodbSubscriptionStore({ client: emptyTables, table: 'subscriptions' }),
    find: (id) => Promise.resolve({ ...storedSubscription(1), id }),
    change: () => Promise.resolve('changed'),
    setStatus: () => Promise.resolve(true),
    setRecovery: () => Promise.resolve(true),
    create(subscription) {
      const matches = compileSubscription(subscription);
      for (const change of changes.slice(0, 3)) hold(typeof matches(change) === 'boolean', 'a stored subscription matches or does not');
      return Promise.resolve('created');
    },
  },
  deliveries: dynamodbDeliveryStore({ client: emptyTables, table: 'deliveries', now }),
  lanes: dynamodbLaneStore({ client: emptyTables, table: 'lanes' }),
  quarantine: dynamodbQuarantineIndex({ client: emptyTables, table: 'quarantine', now }),
  replays: dynamodbReplayStore({ client: emptyTables, table: 'replays' }),
  orgs: {
    ...dynamodbOrgRegistry({ client: emptyTables, table: 'orgs' }),
    find: (id) => Promise.resolve({ org: { ...orgWith(headerScheme('right')), id }, revision: '1' }),
  },
  orgSenders: {
    hooks: () => Promise.resolve([{ id: 'who1test0000000000', firstSeenAt: noon.toISOString(), isFirst: true }]),
    forget: () => Promise.resolve(),
  },
  queues: { deliveries: takesAll, replayDeliveries: takesAll },
  newEventId: () => '2d050e48-fc0a-41ea-bbf6-1d98632c66b8',
  replayQueue: { send: () => Promise.resolve() },
  secretBox: { seal: (plaintext) => Promise.resolve(sealedAs(plaintext)) },
  checkUrl: (url) => checkEndpointUrl(url, { allowLoopback: false }),
  now,
  randomBytes: (count) => Buffer.alloc(count, 0xab),
};

const outcomes: readonly AdminOutcome['kind'][] = ['found', 'created', 'accepted', 'done', 'unauthorised', 'not-found', 'other-method', 'conflict', 'not-json', 'other-media-type', 'too-large', 'invalid']; // prettier-ignore
/** A hundred faults with a name of a hundred characters and a sentence each. */
const maxAnswerCharacters = 64 * 1024;

async function call(input: Uint8Array): Promise<string> {
  const request = readAdminRequest(gatewayEvent(input));
  const outcome = await administer(request, parts);
  const isAllowed = new RegExp(`^bearer +${token} *$`, 'i').test(request.headers.get('authorization') ?? '');
  // The scheme's name is case-insensitive, the token is not.
  hold(outcome.kind === 'unauthorised' || (isAllowed && (request.headers.get('authorization') ?? '').includes(token)), 'only the token opens the API'); // prettier-ignore
  const { statusCode, body, headers } = answerAdmin(outcome);
  hold(body.length <= maxAnswerCharacters, 'an answer is bounded');
  hold(statusCode < 500, 'an answer is no fault of ours');
  hold(outcome.kind === 'done' ? body === '' : typeof JSON.parse(body) === 'object', 'an answer is JSON, or nothing');
  hold(
    Object.values(headers).every((value) => /^[\x20-\x7e]*$/.test(value)),
    'headers of an answer are one line of ASCII',
  );
  return outcome.kind;
}

/** Bodies of one call; the rest of the request is as it should be. */
function bodies(name: string, line: `${string} /v1/${string}`, words: readonly string[]): Target {
  const head = Buffer.from(`${line}\nauthorization: Bearer ${token}\ncontent-type: application/json\n\n`);
  return {
    name,
    about: `bodies of ${line}`,
    shape: 'json',
    seeds: seedsOf(name),
    words,
    weight: 6,
    outcomes,
    limitMs: defaultLimitMs,
    run: (input) => call(Buffer.concat([head, input])),
  };
}

export const adminBodies: readonly Target[] = [
  bodies('admin-subscription', 'POST /v1/subscriptions', ['"url":', '"types":', '"filter":', '"https://', '__proto__']),
  bodies('admin-subscription-change', 'PATCH /v1/subscriptions/sub_00000000000000000000000001', [
    '"url":',
    '"filter":',
    'null',
    '"limits":',
  ]),
  bodies('admin-subscription-secret', 'POST /v1/subscriptions/sub_00000000000000000000000001/rotate-secret', ['"overlapSeconds":', '"secret":', 'whsec_', '"signature":', 'v1a', 'both', '=']), // prettier-ignore
  bodies('admin-replay', 'POST /v1/replays', ['"from":', '"to":', '2026-11-21T', '+24:00', 'sub_']),
  bodies('admin-org', 'POST /v1/orgs', ['"hosts":', '"secret":', '"kind":', 'basic', 'hmac', '-', '.']),
  bodies('admin-org-change', 'PATCH /v1/orgs/acme', ['"hosts":', '"hooks":', '"status":']),
  bodies('admin-org-secret', 'POST /v1/orgs/acme/rotate-secret', ['"secret":', '"overlapSeconds":', '"keep":', 'previous', 'basic', ':']),
];

export const adminRequest: Target = {
  name: 'admin-request',
  about: 'calls of /v1/*: method, path, query, cursor, headers, body',
  shape: 'text',
  seeds: seedsOf('admin-request'),
  words: ['&', '=', 'limit=', 'cursor=', '&limit=1', 'since=', '%00', '%ff', '%', '+', '/v1/', '/v1/replays', '?', 'Bearer ', token, '__proto__=1', '&constructor=1', '{id}', 'application/json'], // prettier-ignore
  weight: 10,
  outcomes,
  limitMs: defaultLimitMs,
  run: call,
};
