import { gzipSync } from 'node:zlib';
import { deliveryOf, fixedAttributesOf } from '#lib/dynamodb/delivery-item.ts';
import { dueLaneOf, laneOf, newLaneItem } from '#lib/dynamodb/lane-item.ts';
import { orgItem, orgOfItem } from '#lib/dynamodb/org-store.ts';
import { packedMessage, unpackedMessage } from '#lib/dynamodb/packed-message.ts';
import { replayItem, replayOfItem } from '#lib/dynamodb/replay-item.ts';
import { stateOf } from '#lib/dynamodb/state-item.ts';
import { itemOf, subscriptionOf } from '#lib/dynamodb/subscription-item.ts';
import { standingIn } from '#lib/lanes/state-record.ts';
import { type ErrorCode, isRelayError } from '#lib/errors.ts';
import { compileSubscription } from '#lib/subscriptions/matches.ts';
import { deliveryMessage, payrollId } from '../../../test/lib/delivery/delivery-message.ts';
import { headerScheme, noon, orgWith, sealedAs } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { storedSubscription } from '../../../test/lib/subscriptions/stored-subscription.ts';
import { changes, jsonSeed, seedsOf } from '../seeds.ts';
import { type StoredItem, storedItem, storedSeed } from '../stored-attributes.ts';
import { defaultLimitMs, hold, type Target } from '../target.ts';

const at = noon.toISOString();

interface StoredKind {
  readonly seeds: readonly Uint8Array[];
  /** What an item that cannot be read is thrown with. */
  readonly code: ErrorCode;
  /** Reads an item and holds what its readers rely on. */
  readonly read: (item: StoredItem) => void | Promise<void>;
}

/** Items of one table. Whoever can write there is trusted with what he writes, and yet must not stop more than that item's readers. */
export function storedItems(name: string, { seeds, code, read }: StoredKind): Target {
  return {
    name: `stored-${name}`,
    about: `items of the table of ${name}s, as they are read back`,
    shape: 'json',
    seeds,
    words: ['"id":', '"status":', '"__proto__":', '"dueAt":', 'base64:', '2026-11-21T12:00:00.000Z', 'NaN', '1e999', '-1', 'null'],
    weight: 3,
    outcomes: ['read', 'unreadable', 'no-item'],
    limitMs: defaultLimitMs,
    async run(input) {
      const item = storedItem(input);
      if (item === undefined) return 'no-item';
      try {
        await read(item);
        return 'read';
      } catch (error) {
        if (!isRelayError(error, code)) throw error;
        hold(error.message.length < 200, 'what is said of an item quotes nothing of it');
        return 'unreadable';
      }
    },
  };
}

const delivery = { ...fixedAttributesOf(deliveryMessage(), noon), id: { S: deliveryMessage().delivery }, status: { S: 'delivered' } };
const attempt = { time: { S: at }, status: { N: '503' }, latencyMs: { N: '12' }, error: { NULL: true as const }, answer: { S: 'no' } };
const lane = { queue: 'deliveries', group: `${payrollId}#00u1`, subscription: payrollId, epoch: '1', tail: 3, removalAt: 0, reason: 'back-off', parkedAt: noon, dueAt: noon } as const; // prettier-ignore
const org = { ...orgWith(headerScheme('right'), { kind: 'hmac', secrets: [sealedAs('key')] }), hooks: { confirmed: ['who1'], others: 'quarantine' as const } }; // prettier-ignore

const isDate = (date: Date | undefined): boolean => date === undefined || !Number.isNaN(date.getTime());

export const storedTargets: readonly Target[] = [
  storedItems('delivery', {
    seeds: [storedSeed({ ...delivery, attempts: { L: [{ M: attempt }] } }), storedSeed({ ...delivery, attempts: { L: [] }, nextAttemptAt: { S: at } })], // prettier-ignore
    code: 'DELIVERY_STORE_UNAVAILABLE',
    read(item) {
      const { attempts } = deliveryOf(item);
      hold(attempts.every(({ latencyMs, status }) => Number.isFinite(latencyMs) && (status === null || Number.isInteger(status))), 'numbers are numbers'); // prettier-ignore
    },
  }),
  storedItems('lane', {
    seeds: [storedSeed(newLaneItem(lane)), storedSeed({ ...newLaneItem(lane), token: { S: 't1' } })],
    code: 'DELIVERY_STORE_UNAVAILABLE',
    read(item) {
      const due = dueLaneOf(item);
      hold(due === undefined || (isDate(due.dueAt) && isDate(due.parkedAt)), 'a lane that is due says since when');
      const { dueAt, parkedAt, tail } = laneOf(item);
      hold(isDate(dueAt) && isDate(parkedAt) && Number.isSafeInteger(tail), 'a lane has its times and its tail');
    },
  }),
  storedItems('replay', {
    seeds: seedsOf('stored-replay').map((seed) => storedSeed(replayItem(JSON.parse(Buffer.from(seed).toString('utf8')) as Parameters<typeof replayItem>[0]))), // prettier-ignore
    code: 'REPLAY_STORE_UNAVAILABLE',
    read: (item) => hold(typeof replayOfItem(item).status === 'string', 'a replay has a status'),
  }),
  storedItems('subscription', {
    seeds: [
      storedSeed(itemOf(storedSubscription(1, { filter: 'user.userName pr' }))),
      storedSeed(itemOf(storedSubscription(2, { circuit: { since: at, probeAt: at, probes: 2 }, operatorEvents: [{ id: '2d050e48-fc0a-41ea-bbf6-1d98632c66b8', kind: 'failing', at }] }))), // prettier-ignore
    ],
    code: 'SUBSCRIPTION_STORE_UNAVAILABLE',
    read(item) {
      const subscription = subscriptionOf(item);
      let matches;
      try {
        matches = compileSubscription(subscription);
      } catch (error) {
        // Documented: a filter that somebody wrote into the table by hand.
        hold(error instanceof Error && error.message.endsWith('does not compile'), 'a stored filter compiles, or that is said');
        return;
      }
      for (const change of changes.slice(0, 3)) hold(typeof matches(change) === 'boolean', 'a stored subscription matches or does not');
    },
  }),
  storedItems('org', {
    seeds: [storedSeed(orgItem(org)), storedSeed(orgItem({ ...org, status: 'disabled' }))],
    code: 'ORG_STORE_UNAVAILABLE',
    read: (item) => hold(orgOfItem(item).authentication.every(({ kind }) => ['header', 'basic', 'hmac'].includes(kind)), 'a scheme is one of three'), // prettier-ignore
  }),
  storedItems('state', {
    seeds: [jsonSeed({ id: 's', delivered: '1-1', doubt: '0' }), jsonSeed({ id: 's', begun: '2-1', lease: 'l', leaseUntil: at })],
    code: 'DELIVERY_STORE_UNAVAILABLE',
    read(item) {
      const standing = standingIn(stateOf(item), { sequence: '1795265922340-0000000000000000042', now: noon });
      hold(standing.kind !== 'busy' || isDate(standing.until), 'who has to wait is told until when');
    },
  }),
];

/** A parked delivery or dead letter: what does not expand is kept as it is, and nothing expands without end. */
export const storedMessage: Target = {
  name: 'stored-message',
  about: 'compressed messages of parked deliveries and dead letters',
  shape: 'text',
  seeds: [
    (await packedMessage(deliveryMessage())).B ?? Buffer.alloc(0),
    gzipSync('{}'),
    gzipSync(Buffer.alloc(4 * 1_024 * 1_024)),
    Buffer.from(JSON.stringify(deliveryMessage())),
  ],
  words: ['\u001f\u008b', '{}'],
  weight: 3,
  outcomes: ['readable', 'unreadable'],
  limitMs: defaultLimitMs,
  async run(input) {
    const read = await unpackedMessage({ B: input });
    if (read.kind === 'unreadable') hold(read.bytes.byteLength <= 1_048_576, 'what cannot be read is no larger than a message');
    return read.kind;
  },
};
