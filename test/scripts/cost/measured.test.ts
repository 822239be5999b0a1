import type { SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FunctionName } from '#lib/config/function-settings.ts';
import { type MetricDefinition, metricDefinitions } from '#lib/telemetry/metric-names.ts';
import { calls, type Often } from '../../../scripts/cost/calls.ts';
import { assumptions, logKbOf } from '../../../scripts/cost/assumptions.ts';
import type { Metered } from '../../support/metering-proxy.ts';
import { grantsOf } from '../../infra/grants-of.ts';
import { synthesise } from '../../infra/synthesise.ts';
import { startMeteredRelay, type Invocation, type MeteredRelay } from './metered-relay.ts';

// The clock stands in here, not on the machine: nothing of this is about how long it takes.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let relay: MeteredRelay;
beforeAll(async () => {
  relay = await startMeteredRelay();
  // The first request of all binds the org to its hook; what follows is every other one.
  await relay.receiveHook(1);
  await relay.fanOut();
});
afterAll(async () => {
  await relay.stop();
});

/** What the table says of one invocation. The units of reading all subscriptions are those that were measured: the table has no say in their size. */
function inTable(name: FunctionName, often: Often, { calls: measured }: Invocation): Map<string, Metered> {
  const said = new Map<string, Metered>();
  for (const call of calls.filter((one) => one.function === name && (often[one.per] ?? 0) > 0)) {
    const times = often[call.per] ?? 0;
    const kind = call.table === undefined ? call.operation : `${call.operation} ${call.table}`;
    const so = said.get(kind) ?? { calls: 0, reads: 0, writes: 0, indexWrites: 0 };
    const reads = call.readsAll === true ? (measured.get(kind)?.reads ?? 0) : (call.reads ?? 0);
    said.set(kind, {
      calls: so.calls + times * call.count,
      reads: so.reads + times * reads,
      writes: so.writes + times * (call.writes ?? 0),
      indexWrites: so.indexWrites + times * (call.indexWrites ?? 0),
    });
  }
  return said;
}

function expectAsInTable(name: FunctionName, often: Often, invocation: Invocation): void {
  expect(invocation.calls).toEqual(inTable(name, often, invocation));
  expect(invocation.logBytes).toBeGreaterThan(0);
}

/** Of each subscription one message, for as many as a batch takes. */
function oneOfEach(records: readonly SQSRecord[]): SQSRecord[] {
  const subscriptionOf = ({ body }: SQSRecord): string => (JSON.parse(body) as { subscription: string }).subscription;
  return [...Map.groupBy(records, subscriptionOf).values()].flatMap(([first]) => first ?? []).slice(0, 10);
}

const gaugeNames = Object.entries<MetricDefinition>(metricDefinitions)
  .flatMap(([name, { kind }]) => (kind === 'gauge' ? [name] : []))
  .sort();

const sizes = [
  { subscribers: 1, people: 10 },
  { subscribers: 10, people: 2 },
  { subscribers: 100, people: 1 },
];

describe.each(sizes)('with $subscribers subscribers, what the table of calls says is what is called', ({ subscribers, people }) => {
  let queued: SQSRecord[] = [];
  beforeAll(async () => {
    await relay.subscribe(subscribers);
    relay.pass(11 * 60_000);
  });

  it('by receive-hook: reads and notes of an environment that remembers nothing, and then nothing', async () => {
    const often = { 'minute and environment': 1, 'ten minutes and environment': 1 };
    const first = await relay.receiveHook(people);
    expectAsInTable('receive-hook', often, first);
    relay.pass(61_000);
    expectAsInTable('receive-hook', { 'minute and environment': 1 }, await relay.receiveHook(1));
    expectAsInTable('receive-hook', {}, await relay.receiveHook(1));
    expect(first.logBytes).toBeLessThanOrEqual(logKbOf('receive-hook', 0) * 1_000);
  });

  it('by fan-out: all subscriptions, and the deliveries of each partition in tens', async () => {
    const fannedOut = await relay.fanOut();
    const deliveries = subscribers * (people + 2);
    // Each partition sends for itself: a few changes are a request for each partition that they are in.
    const sends = fannedOut.changes.map((changes) => Math.ceil((changes * subscribers) / assumptions.deliveriesPerSend.value));
    expect(fannedOut.changes.length).toBeGreaterThan(1);
    expectAsInTable('fan-out', { batch: 1, 'ten deliveries of a partition': sends.reduce((sum, count) => sum + count) }, fannedOut);
    expect(fannedOut.calls.get('Query subscriptions')?.reads).toBeLessThanOrEqual(
      Math.ceil((subscribers * assumptions.subscriptionKb.value) / 4),
    );
    expect(fannedOut.logBytes).toBeLessThanOrEqual(logKbOf('fan-out', 0) * 1_000);
    queued = await relay.queued();
    expect(queued).toHaveLength(deliveries);
  });

  it('by deliver, once for each delivery and for each subscription of a batch', async () => {
    relay.pass(3_000);
    const batch = oneOfEach(queued);
    const before = relay.delivered();
    const delivered = await relay.deliver(batch);
    expectAsInTable('deliver', { delivery: batch.length, 'subscription in a batch': batch.length }, delivered);
    expect(relay.delivered() - before).toBe(batch.length);
    expect(delivered.logBytes).toBeLessThanOrEqual(logKbOf('deliver', batch.length) * 1_000);
    queued = queued.filter((record) => !batch.includes(record));
  });

  it('by sweep, in a minute in which nothing waits', async () => {
    const swept = await relay.sweep();
    expectAsInTable('sweep', { minute: 1, 'subscription and minute': subscribers }, swept);
    expect(swept.logBytes).toBeLessThanOrEqual(logKbOf('sweep', 0) * 1_000);
    expect(swept.metrics).toEqual(gaugeNames);
  });

  it('by an attempt that fails, and by the next one', async () => {
    relay.pass(3_000);
    const [record] = queued;
    if (record === undefined) throw new Error('Nothing is left to fail');
    const often = { delivery: 1, 'subscription in a batch': 1 };
    expectAsInTable('deliver', { ...often, 'failed attempt': 1 }, await relay.fail(record));
    relay.pass(60 * 60_000);
    const again = await relay.deliver([record]);
    const said = inTable('deliver', often, again);
    const claim = said.get('UpdateItem deliveries');
    // The record is there already, and its keys in the indexes with it.
    expect(again.calls).toEqual(new Map(said).set('UpdateItem deliveries', { ...claim!, indexWrites: 0 }));
    queued = queued.slice(1);
  });

  it('by deliver, when a batch has several of one subscription', async () => {
    relay.pass(3_000);
    const subscriptionOf = ({ body }: SQSRecord): string => (JSON.parse(body) as { subscription: string }).subscription;
    const [several = []] = [...Map.groupBy(queued, subscriptionOf).values()].filter(({ length }) => length > 1);
    expect(several.length).toBeGreaterThan(1);
    const batch = several.slice(0, 10);
    const often = { delivery: batch.length, 'subscription in a batch': 1, 'subscription with more in a batch': 1 };
    expectAsInTable('deliver', often, await relay.deliver(batch));
    // What is left of this size is not in the way of the next.
    for (let from = 0; from < queued.length && subscribers < 100; from += 10) {
      const rest = queued.slice(from, from + 10).filter((record) => !batch.includes(record));
      if (rest.length > 0) await relay.deliver(rest);
    }
  });
});

it('by sweep, once an org has said nothing for an hour: the org besides, in every minute', async () => {
  relay.pass(61 * 60_000);
  expectAsInTable('sweep', { minute: 1, 'subscription and minute': 100, 'quiet org and minute': 1 }, await relay.sweep());
});

/** Of AWS's permissions: a call with several in it needs the same as one with one. */
const neededFor = (asked: string): string => asked.replace(/^(sqs:\w+)Batch on/, '$1 on');
const queueNames: Readonly<Record<string, string>> = {
  'deliveries.fifo': 'DeliveriesQueue',
  'replay-deliveries.fifo': 'ReplayDeliveriesQueue',
  'change-spool.fifo': 'ChangeSpoolQueue',
};
const tableId = (name: string): string =>
  name === 'quarantine' ? 'QuarantineIndexTable' : `Stores${name[0]!.toUpperCase()}${name.slice(1)}Table`;

// What ran above: hooks that are taken in, fan-out to all, deliveries that get through and one that fails, sweeps with nothing that is due.
// Quarantine, parked lanes and replays did not, nor did respool, replay and admin.
describe.each(['receive-hook', 'fan-out', 'deliver', 'sweep'] as const)('all that %s was seen to ask for', (name) => {
  it('is what its role may do in prod', () => {
    const id = name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
    const needed = [...relay.asked(name)].map(neededFor).map((asked) => {
      const [action = '', on = ''] = asked.split(' on ');
      const [place = '', ...index] = on.split('/');
      return `${action} on ${[queueNames[place] ?? tableId(place), ...index].join('/')}`;
    });
    expect(needed.length).toBeGreaterThan(1);
    // Under conditions or not: which attributes, which test/infra/grants.test.ts says.
    const granted = grantsOf(synthesise('prod'), id).map((grant) => grant.replace(/ if .*$/, ''));
    expect(needed.filter((one) => !granted.includes(one))).toEqual([]);
  });
});
