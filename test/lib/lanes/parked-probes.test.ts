import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import { answered, DeliverHarness, inLane, received } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const minute = 60_000;
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const head = deliveryMessage({ change: 'head', type: 'identity.user.updated' });
const second = deliveryMessage({ change: 'second', type: 'identity.user.updated' });
const leaver = deliveryMessage({ change: 'leaver', type: 'identity.user.deactivated' });
const lane = () => harness.lanes.find({ queue: 'deliveries', group: 'g' });
const circuit = async () => (await harness.subscriptions.find(payrollId))?.circuit;

async function open(probeInMs = minute): Promise<void> {
  const at = new Date(harness.nowMs);
  const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + probeInMs), event });
}

/** The release of the lane, as `sweep` sends it when it has taken the probe. */
async function probe(receiveCount = 1): Promise<ReceivedMessage> {
  const seen = await circuit();
  if (seen !== undefined) await harness.subscriptions.claimProbe(payrollId, { seen, nextProbeAt: new Date(harness.nowMs + 15 * minute) });
  const [release] = await harness.releases();
  if (release === undefined) throw new Error('no lane is due');
  const body = JSON.stringify({ v: 1, release: { token: release.messageId, subscription: payrollId, probe: true } });
  return { ...release, body, receiveCount };
}

/** The head failed and is due in ten hours, and the circuit has opened since. */
async function waitingHead(): Promise<void> {
  harness.answer = () => answered(503, '36000');
  await harness.run([inLane(head)]);
  await open();
}

describe('the probe of an open circuit', () => {
  it('is a request also where the head of its lane is not due, and counts as no attempt of it', async () => {
    await waitingHead();
    await harness.run([inLane(leaver)]);
    expect(await lane()).toMatchObject({ reason: 'circuit', tail: 2 });
    harness.nowMs += minute;
    await harness.run([await probe()]);
    expect(harness.sentIds()).toEqual(['head', 'head', 'leaver']);
    expect(harness.recordOf('head')?.attempts).toMatchObject([{ status: 503 }, { status: 503, probe: true }]);
    expect(harness.recordOf('leaver')?.attempts).toMatchObject([{ status: 503, probe: true }]);
    expect(await lane()).toMatchObject({ reason: 'circuit', dueAt: new Date(harness.nowMs) });

    harness.nowMs += 2 * minute;
    harness.answer = () => answered(204);
    await harness.run([await probe()]);
    expect(harness.sentIds().slice(3)).toEqual(['head', 'leaver']);
    expect(await circuit()).toBeUndefined();
    expect([harness.recordOf('head')?.status, harness.recordOf('leaver')?.status]).toEqual(['delivered', 'delivered']);
  });

  it('is not used up by what needs no request', async () => {
    await open();
    await harness.run([inLane(head), inLane(second)]);
    // It was settled by another, who died before it could take it out of the lane.
    const row = harness.store.rows.get(head.delivery);
    if (row !== undefined) harness.store.rows.set(row.id, { ...row, status: 'delivered' });
    harness.nowMs += minute;
    await harness.run([await probe()]);
    expect(harness.sentIds()).toEqual(['second']);
    expect(await circuit()).toBeUndefined();
  });

  it('waits for room, and is still a probe then', async () => {
    await open();
    await harness.run([inLane(head)]);
    harness.nowMs += minute;
    const release = await probe();
    const limiter: DeliverParts['limiter'] = { enter: () => Promise.resolve({ kind: 'full', retryMs: 700 }) };
    expect((await harness.run([release], { limiter })).failures).toEqual([release.messageId]);
    await harness.run([{ ...release, receiveCount: 2 }]);
    expect(harness.sentIds()).toEqual(['head']);
    expect(await circuit()).toBeUndefined();
  });

  it('is left to sweep at first; a removal that comes along may be it at once', async () => {
    await open(0);
    harness.nowMs += 2 * minute - 1;
    await harness.run([inLane(head)]);
    expect(harness.sent).toEqual([]);
    await harness.run([received('leaver', 'another', leaver)]);
    expect(harness.sentIds()).toEqual(['leaver']);
    expect(await circuit()).toBeUndefined();
  });

  it('is not taken by what comes along and has no room', async () => {
    await open(-2 * minute);
    const limiter: DeliverParts['limiter'] = { enter: () => Promise.resolve({ kind: 'full', retryMs: 700 }) };
    await harness.run([inLane(head)], { limiter });
    expect(await circuit()).toMatchObject({ probes: 0 });
    await harness.run([inLane(head, 2)]);
    expect(harness.sentIds()).toEqual(['head']);
  });

  it('does not come back as a probe once its request is out', async () => {
    await open();
    await harness.run([inLane(head), inLane(second)]);
    harness.nowMs += minute;
    let remaining = 60_000;
    harness.answer = () => {
      remaining -= 31_000;
      return answered(204);
    };
    expect((await deliver(harness.parts(), [await probe()], () => remaining)).failures).toEqual([]);
    expect(harness.sentIds()).toEqual(['head']);
    expect((await lane())?.dueAt).toEqual(new Date(harness.nowMs));
    await harness.run(await harness.releases());
    expect(harness.sentIds()).toEqual(['head', 'second']);
  });

  it('is not made stale by a removal that comes before it is worked', async () => {
    await waitingHead();
    harness.nowMs += 600 * minute;
    const release = await probe();
    harness.answer = () => answered(204);
    await harness.run([inLane(leaver), release]);
    expect(harness.sentIds().slice(1)).toEqual(['head', 'leaver']);
  });
});

describe('a probe whose head fails, in a lane where a removal waits', () => {
  const removal = (change: string) => deliveryMessage({ change, type: 'identity.group.member_removed' });
  /** The endpoint takes these and nothing else. */
  const takes = (...changes: string[]): void => {
    harness.answer = ({ headers }) => answered(changes.includes(headers['webhook-id'] ?? '') ? 204 : 503, '36000');
  };
  async function probes(count: number): Promise<string[][]> {
    const sent: string[][] = [];
    for (let index = 0; index < count; index += 1) {
      harness.nowMs += 15 * minute;
      const before = harness.sent.length;
      await harness.run([await probe()]);
      sent.push(harness.sentIds().slice(before));
    }
    return sent;
  }

  it('tries the removal as well; the head yields to it, and the circuit closes', async () => {
    await waitingHead();
    await harness.run([inLane(leaver)]);
    takes('leaver');
    expect(await probes(1)).toEqual([['head', 'leaver']]);
    expect(harness.recordOf('head')).toMatchObject({ status: 'dead', reason: 'yielded' });
    expect(harness.recordOf('leaver')?.status).toBe('delivered');
    expect(await circuit()).toBeUndefined();
    expect(await lane()).toBeUndefined();
  });

  it('tries first what was never attempted before the removal, one in each probe', async () => {
    await waitingHead();
    await harness.run([inLane(second), inLane(leaver)]);
    takes('leaver');
    expect(await probes(2)).toEqual([
      ['head', 'second'],
      ['head', 'leaver'],
    ]);
    expect([harness.recordOf('head')?.reason, harness.recordOf('second')?.reason]).toEqual(['yielded', 'yielded']);
  });

  it('has the removals take turns, so that one which fails for ever holds up no other', async () => {
    await open();
    await harness.run([inLane(removal('first')), inLane(removal('again')), inLane(removal('third'))]);
    takes();
    expect(await probes(4)).toEqual([
      ['first', 'again'],
      ['first', 'third'],
      ['first', 'again'],
      ['first', 'third'],
    ]);
    takes('third');
    expect(await probes(2)).toEqual([
      ['first', 'again'],
      ['first', 'third'],
    ]);
  });

  it('loses none of a leaver’s removals to an endpoint that is back, whichever was tried last', async () => {
    await open();
    const ended = ['one', 'two', 'three'];
    await harness.run([...ended.map((change) => inLane(removal(change))), inLane(leaver)]);
    takes();
    await probes(3);
    harness.answer = () => answered(204);
    expect(await probes(1)).toEqual([[...ended, 'leaver']]);
    expect([...ended, 'leaver'].map((change) => harness.recordOf(change)?.status)).toEqual(Array(4).fill('delivered'));
  });

  it('tries it also where the head was refused, which counts for the head', async () => {
    await waitingHead();
    await harness.run([inLane(leaver)]);
    harness.answer = ({ headers }) => answered(headers['webhook-id'] === 'leaver' ? 204 : 422);
    expect(await probes(1)).toEqual([['head', 'leaver']]);
    expect(harness.recordOf('leaver')?.status).toBe('delivered');
  });

  it('has no request for what is behind the last removal, nor for a removal that is settled', async () => {
    await waitingHead();
    await harness.run([inLane(leaver), inLane(second)]);
    const row = harness.store.rows.get(leaver.delivery);
    if (row !== undefined) harness.store.rows.set(row.id, { ...row, status: 'superseded' });
    expect(await probes(2)).toEqual([['head'], ['head']]);
  });

  it('does not come back as a probe where the time is up before the removal’s turn', async () => {
    await waitingHead();
    await harness.run([inLane(leaver)]);
    harness.nowMs += minute;
    let remaining = 60_000;
    harness.answer = () => {
      remaining -= 31_000;
      return answered(503);
    };
    expect((await deliver(harness.parts(), [await probe()], () => remaining)).failures).toEqual([]);
    expect(harness.sentIds().slice(1)).toEqual(['head']);
    expect((await lane())?.token).toBeUndefined();
  });
});

describe('a removal in a lane that was parked for its subscription', () => {
  it('is sent at once where that is over, whatever the lane was parked for', async () => {
    const limiter: DeliverParts['limiter'] = { enter: () => Promise.resolve({ kind: 'full', retryMs: 700 }) };
    await harness.run([inLane(head, 5)], { limiter });
    expect(await lane()).toMatchObject({ reason: 'limit' });
    await harness.run([inLane(leaver)]);
    expect(harness.sentIds()).toEqual(['head', 'leaver']);
    expect(await lane()).toBeUndefined();
  });

  it('does not have it worked while the circuit is open', async () => {
    await open();
    await harness.run([inLane(head), inLane(leaver)]);
    expect(harness.sent).toEqual([]);
    expect(await lane()).toMatchObject({ reason: 'circuit', tail: 2 });
  });
});
