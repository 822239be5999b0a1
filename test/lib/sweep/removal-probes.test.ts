import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { deliver, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import { sweep } from '#lib/sweep/sweep.ts';
import { answered, DeliverHarness, received } from '../lanes/deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';
import { sweepParts } from './sweep-parts-of.ts';

const minute = 60_000;
const people = ['uana', 'uben', 'ucem'] as const;
let harness: DeliverHarness;
let queued: ReceivedMessage[];
/** What the endpoint answers for these; it takes all else. */
let failing: Map<string, number>;
/** When each tick comes, seconds after its minute began. */
let tickAtSeconds: (tick: number) => number;
let ticks: number;
beforeEach(() => {
  harness = new DeliverHarness();
  queued = [];
  failing = new Map();
  tickAtSeconds = () => 0;
  ticks = 0;
  harness.answer = ({ headers }) => answered(failing.get(headers['webhook-id'] ?? '') ?? 204);
});

const circuit = async () => (await harness.subscriptions.find(payrollId))?.circuit;
const statusOf = (change: string) => harness.recordOf(change)?.status;
const message = (user: string, change: string, type: string) => received(change, user, deliveryMessage({ user, change, type }));

function come(user: string, change: string, { removal = false, status }: { removal?: boolean; status?: number } = {}): Promise<unknown> {
  if (status !== undefined) failing.set(change, status);
  return harness.run([message(user, change, removal ? 'identity.user.deactivated' : 'identity.user.activated')]);
}

/** The next tick of sweep, and all that it releases. Answers what was sent. */
async function tick(): Promise<string[]> {
  const startedMs = Date.parse('2026-11-22T06:00:00.000Z');
  const before = harness.sent.length;
  ticks += 1;
  harness.nowMs = startedMs + ticks * minute + tickAtSeconds(ticks) * 1_000;
  const { errors } = await sweep(sweepParts({ harness, queued, gauges: {} }), () => minute);
  expect(errors).toEqual([]);
  for (const release of queued.splice(0)) await deliver(harness.parts(), [release], () => minute);
  return harness.sentIds().slice(before);
}
async function ticksOf(count: number): Promise<string[][]> {
  const sent: string[][] = [];
  for (let index = 0; index < count; index += 1) sent.push(await tick());
  return sent;
}

/** Everybody's activation fails for ever, and the circuit has been open for an hour and more, so that it is probed every 15 minutes. */
async function openForAnHour(): Promise<void> {
  const at = new Date(harness.nowMs);
  const event = { id: randomUUID(), kind: 'failing', at: at.toISOString() } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + minute), event });
  for (const user of people) await come(user, `${user}-activated`, { status: 500 });
  await ticksOf(62);
}

describe('a removal that comes while the circuit is probed every 15 minutes', () => {
  it('is delivered by the next tick, behind a head that fails for ever, and closes the circuit', async () => {
    await openForAnHour();
    expect(await circuit()).toMatchObject({ probes: 7 });
    const nextProbeMs = Date.parse((await circuit())?.probeAt ?? '');
    await come('uben', 'uben-left', { removal: true });
    expect(statusOf('uben-left')).toBe('parked');
    expect(await tick()).toEqual(['uben-activated', 'uben-left']);
    expect(harness.nowMs).toBeLessThan(nextProbeMs - 10 * minute);
    expect(statusOf('uben-left')).toBe('delivered');
    expect(harness.recordOf('uben-activated')).toMatchObject({ status: 'dead', reason: 'yielded' });
    expect(await circuit()).toBeUndefined();
  });

  it('is delivered a minute later for each that waits unattempted before it', async () => {
    await openForAnHour();
    for (const change of ['one', 'two']) await come('uben', change, { status: 500 });
    await come('uben', 'uben-left', { removal: true });
    expect((await ticksOf(3)).map(([, ahead]) => ahead)).toEqual(['one', 'two', 'uben-left']);
    expect(statusOf('uben-left')).toBe('delivered');
  });

  it('is probed for at every tick, although ticks come early and late', async () => {
    tickAtSeconds = (count) => [0, 12, 2, 14][count % 4] ?? 0;
    await openForAnHour();
    await come('uben', 'uben-left', { removal: true, status: 500 });
    const sent = await ticksOf(14);
    expect(sent.map((ids) => ids.length > 0)).toEqual(Array(14).fill(true));
  });

  it('takes turns with others, and leaves every other probe of the schedule to any lane', async () => {
    await openForAnHour();
    for (const user of ['uana', 'uben']) await come(user, `${user}-left`, { removal: true, status: 500 });
    const seen = await circuit();
    const sent = await ticksOf(60);
    const heads = sent.map(([head]) => head);
    expect(new Set(sent.map(({ length }) => length))).toEqual(new Set([1, 2]));
    expect(heads.filter((head) => head === 'ucem-activated').length).toBe(2);
    // By schedule hers had been probed last.
    expect(heads.slice(0, 4)).toEqual(['uben-activated', 'uana-activated', 'uben-activated', 'uana-activated']);
    expect((await circuit())?.probes).toBe((seen?.probes ?? 0) + 4);
  });

  it('lets the circuit close for what else waits, though it fails itself for ever', async () => {
    await openForAnHour();
    await come('uben', 'uben-left', { removal: true, status: 500 });
    failing.delete('ucem-activated');
    await ticksOf(31);
    expect(statusOf('ucem-activated')).toBe('delivered');
  });
});

describe('an endpoint that refuses everything while the circuit is open', () => {
  it('does not have a removal and what is before it used up by the probes of a few minutes', async () => {
    await openForAnHour();
    failing.set('uben-activated', 404);
    await come('uben', 'uben-left', { removal: true, status: 404 });
    await ticksOf(25);
    expect([statusOf('uben-activated'), statusOf('uben-left')]).toEqual(['parked', 'parked']);
    expect(harness.recordOf('uben-left')?.attempts).toHaveLength(2);
    failing.clear();
    await ticksOf(10);
    expect([statusOf('uben-activated'), statusOf('uben-left')]).toEqual(['delivered', 'delivered']);
  });
});
