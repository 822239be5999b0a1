import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver, infrastructureWaitMs } from '#lib/lanes/deliver.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { RelayError } from '#lib/errors.ts';
import { answered, DeliverHarness, inLane, received, withCalls } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const minute = 60_000;
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const fact = (change: string) => deliveryMessage({ change, type: 'identity.user.updated' });
const removal = (change: string) => deliveryMessage({ change, type: 'identity.user.deactivated' });
const failingFor = (...ids: string[]) => {
  harness.answer = ({ headers }) => answered(ids.includes(headers['webhook-id'] ?? '') ? 500 : 200);
};
const lane = () => harness.lanes.find({ queue: 'deliveries', group: 'g' });

/** The head's two attempts in the queue, after which it is parked. */
async function park(...behind: DeliveryMessage[]): Promise<void> {
  await harness.run([inLane(fact('head'))]);
  harness.nowMs += 5_000;
  await harness.run([inLane(fact('head'), 2), ...behind.map((of) => inLane(of))]);
}

describe('a parked lane', () => {
  it('keeps what comes behind its head, attempts none of it, and drains in order once the head is through', async () => {
    failingFor('head');
    await park(fact('second'));
    expect(await harness.run([inLane(fact('third'))])).toMatchObject({ failures: [], counts: { parked: 1 } });
    expect(harness.sentIds()).toEqual(['head', 'head']);
    expect([harness.recordOf('second')?.status, harness.recordOf('third')?.status]).toEqual(['parked', 'parked']);

    harness.nowMs += 5 * minute;
    failingFor();
    await harness.run(await harness.releases());
    expect(harness.sentIds().slice(2)).toEqual(['head', 'second', 'third']);
    expect(await lane()).toBeUndefined();
    await harness.run([inLane(fact('fourth'))]);
    expect(harness.recordOf('fourth')?.status).toBe('delivered');
  });

  it('waits for its head again when that fails again, one attempt for each release', async () => {
    failingFor('head');
    await park(fact('second'));
    for (const wait of [5, 30, 120]) {
      harness.nowMs += wait * minute;
      await harness.run(await harness.releases());
      expect((await lane())?.token).toBeUndefined();
    }
    expect(harness.sentIds()).toEqual(Array.from({ length: 5 }, () => 'head'));
    expect(harness.recordOf('second')).toMatchObject({ status: 'parked', attempts: [] });
  });

  it('is not worked by a release whose token is no longer the lane’s', async () => {
    failingFor('head');
    await park();
    harness.nowMs += 5 * minute;
    const [stale] = await harness.releases();
    harness.nowMs += 11 * minute;
    const [current] = await harness.releases();
    expect(current).toBeDefined();
    expect((await harness.run(stale === undefined ? [] : [stale])).failures).toEqual([]);
    expect(harness.sentIds()).toHaveLength(2);
    await harness.run(current === undefined ? [] : [current]);
    expect(harness.sentIds()).toHaveLength(3);
  });

  it('is given back with its token when time is short, and gone on with', async () => {
    failingFor('head');
    await park(fact('second'), fact('third'));
    harness.nowMs += 5 * minute;
    let remaining = 60_000;
    harness.answer = () => {
      remaining -= 31_000;
      return answered(200);
    };
    const releases = await harness.releases();
    const first = await deliver(harness.parts(), releases, () => remaining);
    expect([first.failures, harness.visibility.at(-1)?.seconds]).toEqual([releases.map(({ messageId }) => messageId), 1]);
    expect(harness.sentIds().slice(2)).toEqual(['head']);
    harness.answer = () => answered(200);
    await harness.run(releases);
    expect(harness.sentIds().slice(2)).toEqual(['head', 'second', 'third']);
  });

  it('goes on behind what cannot be read, which goes to the quarantine once, byte for byte', async () => {
    failingFor('head');
    await park(...Array.from({ length: 14 }, (_, n) => fact(`fact-${n}`)));
    const parked = await lane();
    if (parked === undefined) throw new Error('not parked');
    // More than a page of them, the head and the last among them.
    for (const position of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14])
      harness.laneRows.spoilPlace(parked, position, Buffer.from(`{"org":"acme","position":${position}}`));
    failingFor();
    harness.nowMs += 5 * minute;
    expect(await harness.run(await harness.releases())).toMatchObject({ failures: [], counts: { delivered: 3 }, errors: [] });
    expect(harness.sentIds().slice(2)).toEqual(['fact-10', 'fact-11', 'fact-12']);
    expect(harness.quarantined).toHaveLength(12);
    expect(harness.quarantined[0]).toMatchObject({
      org: 'acme',
      reason: 'delivery-unreadable',
      detail: expect.stringContaining(payrollId),
    });
    expect(Buffer.from(harness.quarantined[11]?.body ?? []).toString()).toBe('{"org":"acme","position":14}');
    expect(await lane()).toBeUndefined();
  });

  it('keeps what cannot be read where it is while the quarantine is away', async () => {
    failingFor('head');
    await park(fact('second'));
    const parked = await lane();
    if (parked === undefined) throw new Error('not parked');
    harness.laneRows.spoilPlace(parked, 0, Buffer.from('{}'));
    harness.nowMs += 5 * minute;
    const quarantine = { keep: () => Promise.reject(new RelayError('QUARANTINE_UNAVAILABLE', 'away')) };
    const releases = await harness.releases();
    expect((await harness.run(releases, { quarantine })).errors).toMatchObject([{ code: 'QUARANTINE_UNAVAILABLE' }]);
    expect(harness.sentIds()).toEqual(['head', 'head']);
    failingFor();
    await harness.run(releases);
    expect(harness.sentIds().slice(2)).toEqual(['second']);
    expect(harness.quarantined).toHaveLength(1);
  });

  it('loses nothing when the process dies between the record of a failure and the parking', async () => {
    harness.answer = () => answered(503, '600');
    const lanes = withCalls<DeliverParts['lanes']>(harness.lanes, {
      park: () => Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'killed')),
    });
    expect((await harness.run([inLane(fact('head')), inLane(fact('second'))], { lanes })).failures).toEqual(['head-1', 'second-1']);
    expect((await harness.run([inLane(fact('head')), inLane(fact('second'))])).counts).toMatchObject({ parked: 2 });
    expect(harness.sentIds()).toEqual(['head']);
  });
});

describe('a removal behind what fails', () => {
  it('gets through at once, and what failed before it yields', async () => {
    failingFor('head');
    await park(fact('second'));
    await harness.run([inLane(removal('leaver'))]);
    expect(harness.sentIds().slice(2)).toEqual(['second', 'leaver']);
    expect(harness.recordOf('head')).toMatchObject({ status: 'dead', reason: 'yielded' });
    expect(harness.recordOf('leaver')?.status).toBe('delivered');
    expect(await lane()).toBeUndefined();
    expect(await harness.store.letter(fact('head').delivery)).toMatchObject({ message: { change: { id: 'head' } } });
  });

  it('lets only those yield that failed before what got through', async () => {
    failingFor('head', 'third');
    await park(fact('second'), fact('third'));
    await harness.run([inLane(removal('leaver'))]);
    expect(harness.sentIds().slice(2)).toEqual(['second', 'third', 'leaver']);
    expect(harness.recordOf('head')?.reason).toBe('yielded');
    expect(harness.recordOf('third')?.reason).toBe('yielded');
  });

  it('makes nobody yield while the endpoint takes nothing, so that of several removals all arrive in the end', async () => {
    harness.answer = () => answered(500);
    await park();
    for (const id of ['left-1', 'left-2', 'left-3']) await harness.run([inLane(removal(id))]);
    for (const id of ['head', 'left-1', 'left-2', 'left-3']) expect(harness.recordOf(id)?.status).not.toBe('dead');
    harness.answer = () => answered(200);
    harness.nowMs += 40 * minute;
    await harness.run(await harness.releases());
    expect(harness.sentIds().slice(-4)).toEqual(['head', 'left-1', 'left-2', 'left-3']);
  });

  it('does not disturb a lane that waits for its subscription', async () => {
    await harness.subscriptions.setStatus(payrollId, { status: 'paused', from: ['active'], at: new Date(harness.nowMs) });
    await harness.run([inLane(fact('head')), inLane(removal('leaver'))]);
    expect(harness.sent).toEqual([]);
    expect(await lane()).toMatchObject({ reason: 'paused', tail: 2 });
  });

  it('does not count a repeat of what was delivered before as having got through', async () => {
    await harness.run([inLane(removal('earlier'))]);
    harness.nowMs += 10 * minute;
    failingFor('head');
    await park(removal('earlier'));
    expect(harness.recordOf('head')?.status).toBe('parked');
  });

  it('is not overtaken by the head after a crash between its success and the head’s yielding', async () => {
    failingFor('head');
    await park();
    const settled: string[] = [];
    const store = withCalls<DeliverParts['store']>(harness.store, {
      settle: (settlement) => {
        settled.push(settlement.status);
        return settlement.status === 'dead'
          ? Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'killed'))
          : harness.store.settle(settlement);
      },
    });
    expect((await harness.run([inLane(removal('leaver'))], { store })).failures).toEqual(['leaver-1']);
    expect(settled).toEqual(['delivered', 'dead']);
    failingFor();
    harness.nowMs += 6 * minute;
    await harness.run([inLane(removal('leaver'))]);
    expect(harness.recordOf('head')).toMatchObject({ status: 'dead', reason: 'yielded' });
    expect(harness.sentIds().slice(2)).toEqual(['leaver']);
  });
});

describe('what is not sent to', () => {
  it('waits parked while the circuit is open, and costs no attempt', async () => {
    const at = new Date(harness.nowMs);
    const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
    await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + minute), event });
    expect(await harness.run([inLane(fact('head'))])).toMatchObject({ failures: [], counts: { parked: 1 }, reasons: ['circuit'] });
    expect([harness.sent, harness.recordOf('head')?.attempts]).toEqual([[], []]);
  });

  it('is tried once when a probe is due, and a failure of it does not count', async () => {
    const at = new Date(harness.nowMs);
    const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
    await harness.subscriptions.open(payrollId, { at, probeAt: at, event });
    // The first is left to sweep for two minutes.
    harness.nowMs += 2 * minute;
    harness.answer = () => answered(503);
    await harness.run([inLane(fact('head')), received('other', 'h', fact('other'))]);
    expect(harness.sentIds()).toEqual(['head']);
    expect(harness.recordOf('head')).toMatchObject({ status: 'parked', attempts: [{ status: 503, probe: true }], nextAttemptAt: null });

    harness.nowMs += 5 * minute;
    harness.answer = () => answered(204);
    await harness.run([received('third', 'i', fact('third'))]);
    expect((await harness.subscriptions.find(payrollId))?.circuit).toBeUndefined();
    expect(harness.recordOf('third')?.status).toBe('delivered');
  });

  it('comes back a few times when its subscription has no room, and is parked after that', async () => {
    const limiter: DeliverParts['limiter'] = { enter: () => Promise.resolve({ kind: 'full', retryMs: 700 }) };
    expect((await harness.run([inLane(fact('head'))], { limiter })).failures).toEqual(['head-1']);
    expect(harness.visibility).toEqual([{ handle: 'handle-head-1', seconds: 1 }]);
    expect((await harness.run([inLane(fact('head'), 5)], { limiter })).failures).toEqual([]);
    expect(await lane()).toMatchObject({ reason: 'limit' });
    expect(harness.sent).toEqual([]);
    await harness.run(await harness.releases());
    expect(harness.sentIds()).toEqual(['head']);
  });

  it('is given one attempt after a week in a pause, and no second one', async () => {
    await harness.subscriptions.setStatus(payrollId, { status: 'paused', from: ['active'], at: new Date(harness.nowMs) });
    await harness.run([inLane(fact('head'))]);
    harness.nowMs += 7 * 24 * 60 * minute + 1;
    await harness.subscriptions.setStatus(payrollId, { status: 'active', from: ['paused'], at: new Date(harness.nowMs) });
    harness.answer = () => answered(503, '600');
    await harness.run(await harness.releases());
    expect(harness.sentIds()).toEqual(['head']);
    harness.nowMs += 11 * minute;
    await harness.run(await harness.releases());
    expect(harness.recordOf('head')).toMatchObject({ status: 'dead', reason: 'expired', attempts: [{ status: 503 }] });
  });
});

describe('the wait after a failure of our own', () => {
  it('is ten seconds at first, five minutes in a long outage, and outlasts three days within a thousand receives', () => {
    expect([infrastructureWaitMs(1), infrastructureWaitMs(30), infrastructureWaitMs(60)]).toEqual([10_000, 10_000, 300_000]);
    const total = Array.from({ length: 1_000 }, (_, index) => infrastructureWaitMs(index + 1)).reduce((sum, wait) => sum + wait, 0);
    expect(total).toBeGreaterThan(3 * 24 * 60 * minute);
  });
});
