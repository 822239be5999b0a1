import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import { answered, DeliverHarness, inLane, withCalls } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const minute = 60_000;
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const factNamed = (change: string) => deliveryMessage({ change, type: 'identity.user.updated' });
const head = factNamed('head');
const second = factNamed('second');
const stateKey = 'users/00uana/status';
const leaver = deliveryMessage({
  change: 'leaver',
  type: 'identity.user.deactivated',
  stateKey,
  sequence: '1795265922340-0000000000000000042',
});
const another = deliveryMessage({ change: 'another', type: 'identity.group.member_removed' });
const lane = () => harness.lanes.find({ queue: 'deliveries', group: 'g' });

/** Of a release that `sweep` sends with the probe of the circuit. */
async function probe(): Promise<ReceivedMessage> {
  const seen = (await harness.subscriptions.find(payrollId))?.circuit;
  if (seen !== undefined) await harness.subscriptions.claimProbe(payrollId, { seen, nextProbeAt: new Date(harness.nowMs + 15 * minute) });
  const [release] = await harness.releases();
  if (release === undefined) throw new Error('no lane is due');
  return { ...release, body: JSON.stringify({ v: 1, release: { token: release.messageId, subscription: payrollId, probe: true } }) };
}

/** Two changes that failed wait, the second of them as the first probe's second request, and what comes behind them. The circuit is open. */
async function waitingBefore(...removals: ReceivedMessage[]): Promise<void> {
  harness.answer = () => answered(503, '36000');
  await harness.run([inLane(head)]);
  const at = new Date(harness.nowMs);
  const event = { id: '9a0b3c52-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
  await harness.subscriptions.open(payrollId, { at, probeAt: new Date(harness.nowMs + minute), event });
  await harness.run([inLane(second), ...removals]);
  harness.nowMs += minute;
  await harness.run([await probe()]);
  expect(harness.sentIds()).toEqual(['head', 'head', 'second']);
}

/** What the leaver says is old news. */
async function hasMovedOn(): Promise<void> {
  const { source } = leaver.change;
  const now = new Date(harness.nowMs);
  const state = { subscription: payrollId, source, stateKey, lease: 'newer', now };
  const passage = { ...state, sequence: '1795265922341-0000000000000000042', until: new Date(harness.nowMs + minute) };
  await harness.guard.enter(passage);
  await harness.guard.leave(passage, 'delivered');
}

describe('what waits before a removal, in the probe of an open circuit', () => {
  it('is sent ahead of the head no more, once the removal is settled without a request', async () => {
    await waitingBefore(inLane(leaver));
    await hasMovedOn();
    harness.nowMs += 2 * minute;
    await harness.run([await probe()]);
    expect(harness.recordOf('leaver')?.status).toBe('superseded');
    expect(harness.sentIds().slice(3)).toEqual(['head']);
    expect(await lane()).toMatchObject({ reason: 'circuit' });
  });

  it('leaves the second request to another removal that waits', async () => {
    await waitingBefore(inLane(leaver), inLane(another));
    await hasMovedOn();
    harness.nowMs += 2 * minute;
    await harness.run([await probe()]);
    expect(harness.recordOf('leaver')?.status).toBe('superseded');
    expect(harness.sentIds().slice(3)).toEqual(['head', 'another']);
  });
});

describe('what yields to a removal', () => {
  it('does so over several invocations where there is much of it', async () => {
    const facts = Array.from({ length: 12 }, (_, index) => factNamed(`fact-${index}`));
    const slow: Partial<DeliverParts> = {
      store: withCalls<DeliverParts['store']>(harness.store, {
        settle: (settlement) => {
          if (settlement.reason === 'yielded') harness.nowMs += 6_000;
          return harness.store.settle(settlement);
        },
      }),
    };
    const run = (messages: readonly ReceivedMessage[]) => {
      const endsMs = harness.nowMs + minute;
      return deliver(harness.parts(slow), messages, () => endsMs - harness.nowMs);
    };
    const yielded = () => facts.filter(({ change }) => harness.recordOf(change.id)?.reason === 'yielded').length;
    harness.answer = ({ headers }) => (headers['webhook-id'] === 'leaver' ? answered(204) : answered(503, '3600'));
    await run(facts.map((fact) => inLane(fact)));
    await run([inLane(leaver)]);
    expect(harness.recordOf('leaver')?.status).toBe('delivered');
    // An attempt and its reserve need 30 s of the minute.
    expect(yielded()).toBe(6);

    const releases = await harness.releases();
    await run(releases);
    expect(yielded()).toBe(12);
    // It comes back for what is left: nothing is, and nothing was sent twice.
    await run(releases);
    expect(await lane()).toBeUndefined();
    expect(harness.sent).toHaveLength(13);
  });
});
