import { deliveryIdOf, type DeliveryMessage } from '#lib/delivery/delivery.ts';
import { readRecord } from '#lib/fan-out/read-record.ts';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { webhookHeaders } from '#lib/webhooks/webhook-headers.ts';
import { fixedAttributesOf } from '#lib/dynamodb/delivery-item.ts';
import { isRelayError } from '#lib/errors.ts';
import { readSpoolMessage, spoolMessages } from '#lib/intake/spool-message.ts';
import { recordsOfMskEvent } from '#lib/msk/msk-event.ts';
import { replayMessageSchema } from '#lib/replay/work-replays.ts';
import { narrowedChange } from '#lib/subscriptions/narrowed-change.ts';
import { compileFilter } from '#lib/subscriptions/scim-filter/compile-filter.ts';
import { deliveryMessage, payrollId } from '../../../test/lib/delivery/delivery-message.ts';
import { noon } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { awsFixture, changes, jsonSeed, seedsOf } from '../seeds.ts';
import { defaultLimitMs, hold, oneMebibyte, type Target } from '../target.ts';

const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
const filters = ['user.userName co "a" or scim.patch.Operations[op eq "add"]', 'not (type pr) or time gt "2026-11-21T00:00:00Z"'].map((text) => {
  const filter = compileFilter(text);
  if (filter.kind === 'invalid') throw new Error(filter.detail);
  return filter.matches;
}); // prettier-ignore
const secrets = [`whsec_${Buffer.alloc(32, 7).toString('base64')}`];
/** DynamoDB's limit for the key of an index. */
const maxIndexKeyBytes = 1_024;

/** Everything that deliver makes of a message it can read, short of sending it. */
function deliverable(message: DeliveryMessage): void {
  const headers = webhookHeaders(message, { at: noon, body: Buffer.from('{}'), secrets });
  hold(
    Object.values(headers).every((value) => /^[\x20-\x7e]+$/.test(value)),
    'headers of a webhook are one line of ASCII',
  );
  for (const name of ['change', 'user', 'createdKey', 'type'])
    hold(Buffer.byteLength(fixedAttributesOf(message, noon)[name]?.S ?? '') <= maxIndexKeyBytes, 'index keys fit into DynamoDB');
}

/** What subscriptions that ask for less are sent, and what is kept of it. */
const narrowing: readonly Parameters<typeof narrowedChange>[1][] = [
  { format: 'minimal', attributes: undefined },
  { format: 'cloudevents', attributes: ['user.userName', 'group', 'scim.patch', 'okta.event.target.displayName'] },
];

/** Narrowed, a change is one that deliver reads and sends, no longer than it was, and as narrow as it gets. */
function narrowable(message: DeliveryMessage): void {
  const length = JSON.stringify(message.change).length;
  for (const wanted of narrowing) {
    const change = narrowedChange(message.change, wanted);
    const text = JSON.stringify(change);
    hold(text.length <= length, 'narrowing adds nothing');
    hold(JSON.stringify(narrowedChange(change, wanted)) === text, 'narrowed once more, a change stays as it is');
    const read = readDeliveryMessage(JSON.stringify({ ...message, change }), noon);
    hold(read.kind === 'readable', 'deliver reads what a subscription that asks for less is sent');
    deliverable(read.message);
  }
}

export const kafkaRecord: Target = {
  name: 'kafka-record',
  about: 'values of identity.changes.v1: CloudEvents of whoever may write to the topic',
  shape: 'json',
  seeds: changes.map(jsonSeed),
  words: ['"partitionkey":', '"acme:', '"time":', '"data":', '"org":', '__proto__', '1970-01-01T00:00:00.000Z'],
  weight: 12,
  outcomes: ['change', 'unreadable'],
  limitMs: defaultLimitMs,
  largestBytes: oneMebibyte,
  run(input) {
    const headers = [{ name: 'traceparent', value: input.subarray(0, 55) }];
    const reading = readRecord({ topic: 't', partition: 0, offset: 42, timestampMs: 0, key: null, value: input, headers });
    if (reading.kind === 'unreadable') return reading.kind;
    const { change } = reading;
    for (const matches of filters) hold(typeof matches(change) === 'boolean', 'a filter answers yes or no');
    const message = { v: 1, delivery: deliveryIdOf(payrollId, change.data.org, change.id), subscription: payrollId, org: change.data.org, change }; // prettier-ignore
    const read = readDeliveryMessage(JSON.stringify(message), noon);
    hold(read.kind === 'readable', 'deliver reads what fan-out sends');
    deliverable(read.message);
    narrowable(read.message);
    return reading.kind;
  },
};

export const mskEvent: Target = {
  name: 'msk-event',
  about: "batches of Lambda's Kafka event source mapping",
  shape: 'json',
  seeds: ['msk-two-partitions.json', 'msk-unreadable-records.json'].map((name) => jsonSeed(awsFixture(name))),
  words: ['"headers":', '"offset":', '"value":', '-128', '256'],
  weight: 5,
  outcomes: ['records', 'refused', 'not-json'],
  limitMs: defaultLimitMs,
  run(input) {
    let event: unknown;
    try {
      event = JSON.parse(textOf(input));
    } catch {
      // Lambda parses the event itself; what is no JSON never arrives.
      return 'not-json';
    }
    try {
      for (const record of recordsOfMskEvent(event)) readRecord(record);
      return 'records';
    } catch (error) {
      if (isRelayError(error, 'CONFIG_INVALID')) return 'refused';
      throw error;
    }
  },
};

export const deliveryMessages: Target = {
  name: 'delivery-message',
  about: 'bodies of deliveries.fifo and replay-deliveries.fifo',
  shape: 'json',
  seeds: [
    jsonSeed(deliveryMessage()),
    jsonSeed(deliveryMessage({ stateKey: 'users/00u1/status' })),
    jsonSeed({ ...deliveryMessage({ user: null }), traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
    ...changes.slice(0, 8).map((change) => jsonSeed(messageOf(change))),
  ],
  words: ['"delivery":', '"change":', '"org":', '"replay":', 'dlv_', 'sub_', '__proto__'],
  weight: 10,
  outcomes: ['readable', 'unreadable'],
  limitMs: defaultLimitMs,
  largestBytes: oneMebibyte,
  run(input) {
    const body = textOf(input);
    const read = readDeliveryMessage(body, noon);
    if (read.kind === 'unreadable') {
      hold(Buffer.from(read.entry.body).equals(Buffer.from(body)), 'what cannot be read is kept whole');
      hold(read.entry.detail.length < 5_000, 'the reason is bounded');
    } else deliverable(read.message);
    return read.kind;
  },
};

function messageOf(change: (typeof changes)[number]) {
  const sequenced = { ...change, sequence: '1795265922340-0000000000000000042' };
  const delivery = deliveryIdOf(payrollId, change.data.org, change.id);
  return { v: 1, delivery, subscription: payrollId, org: change.data.org, change: sequenced };
}

export const spoolMessage: Target = {
  name: 'spool-message',
  about: 'bodies of change-spool.fifo',
  shape: 'json',
  seeds: spoolMessages(
    changes.slice(0, 8).map((change) => ({
      key: change.partitionkey,
      value: Buffer.from(JSON.stringify(change)),
      headers: { ce_id: change.id, ce_type: change.type },
    })),
  ).map(({ body }) => Buffer.from(body)),
  words: ['"records":', '"value":', '"headers":', '=', '=='],
  weight: 8,
  outcomes: ['readable', 'unreadable'],
  limitMs: defaultLimitMs,
  largestBytes: oneMebibyte,
  run(input) {
    const read = readSpoolMessage(textOf(input));
    if (read.kind === 'unreadable') return read.kind;
    const again = spoolMessages(read.records).map(({ body }) => readSpoolMessage(body));
    hold(again.every(({ kind }) => kind === 'readable'), 'what comes out of the spool can be put back'); // prettier-ignore
    return read.kind;
  },
};

export const replayMessage: Target = {
  name: 'replay-message',
  about: 'bodies of replays.fifo',
  shape: 'json',
  seeds: seedsOf('replay-message'),
  words: ['rpl_', '"replay":', '"v":'],
  weight: 3,
  outcomes: ['readable', 'unreadable'],
  limitMs: defaultLimitMs,
  largestBytes: oneMebibyte,
  run(input) {
    try {
      return replayMessageSchema.safeParse(JSON.parse(textOf(input))).success ? 'readable' : 'unreadable';
    } catch (error) {
      // As workReplays has it: what is no JSON is not ours.
      if (error instanceof SyntaxError) return 'unreadable';
      throw error;
    }
  },
};
