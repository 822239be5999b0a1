import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  subscriptionIdSchema,
  type Circuit,
  type CircuitStore,
  type OperatorEvent,
  type SubscriptionStore,
} from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from '../lib/subscriptions/stored-subscription.ts';

export interface CircuitStoreUnderTest {
  readonly store: CircuitStore & SubscriptionStore;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const base = storedSubscription(1);
const at = (seconds: number) => new Date(Date.parse('2026-11-22T06:00:00.000Z') + seconds * 1_000);
const event = (number: number, kind: OperatorEvent['kind'], seconds = 0): OperatorEvent => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  kind,
  at: at(seconds).toISOString(),
});
const failing = event(1, 'failing');
const recovered = event(2, 'recovered', 60);
const opening = { at: at(0), probeAt: at(60), event: failing };
const circuit = { since: at(0).toISOString(), probeAt: at(60).toISOString(), probes: 0 };

/** What every store of circuits owes to deliver and sweep. */
export function circuitStoreContract(implementation: string, start: () => Promise<CircuitStoreUnderTest>): void {
  describe(`CircuitStore × ${implementation}`, () => {
    let subject: CircuitStoreUnderTest;
    let store: CircuitStoreUnderTest['store'];
    beforeAll(async () => {
      subject = await start();
      store = subject.store;
    });
    afterAll(() => subject.stop());
    beforeEach(async () => {
      await subject.clear();
      await store.create(base);
    });
    const events = async () => (await store.find(base.id))?.operatorEvents ?? [];
    const setStatus = (status: 'paused' | 'disabled' | 'deleted' | 'active') =>
      store.setStatus(base.id, { status, from: ['active', 'paused', 'disabled', 'deleted'], at: at(1) });

    it('[port: CircuitStore] opens a circuit and tells it, and leaves the rest', async () => {
      const told = { ...failing, reason: 'timeout' };
      expect(await store.open(base.id, { ...opening, event: told })).toBe(true);
      expect(await store.find(base.id)).toEqual({ ...base, circuit, operatorEvents: [told] });
      expect(await store.all()).toEqual([{ ...base, circuit, operatorEvents: [told] }]);
    });

    it('[port: CircuitStore] opens it once, however many see it fail', async () => {
      const rivals = Array.from({ length: 10 }, (_, index) => store.open(base.id, { ...opening, event: event(10 + index, 'failing') }));
      expect((await Promise.all(rivals)).filter(Boolean)).toHaveLength(1);
      expect(await events()).toHaveLength(1);
    });

    it.each(['paused', 'disabled', 'deleted'] as const)('[port: CircuitStore] opens none of a subscription that is %s', async (status) => {
      await setStatus(status);
      expect(await store.open(base.id, opening)).toBe(false);
      expect(await store.find(base.id)).not.toHaveProperty('circuit');
      expect(await events()).toEqual([]);
    });

    it('[port: CircuitStore] brings no subscription into being', async () => {
      const stranger = subscriptionIdSchema.parse('sub_00000000000000000000000099');
      expect(await store.open(stranger, opening)).toBe(false);
      expect(await store.claimProbe(stranger, { seen: circuit, nextProbeAt: at(120) })).toBe(false);
      expect(await store.claimRemovalProbe(stranger, { seen: circuit, at: at(1) })).toBe(false);
      expect(await store.close(stranger, { since: circuit.since, event: recovered })).toBe(false);
      expect(await store.tell(stranger, failing, 0)).toBe(false);
      await store.told(stranger, [failing]);
      expect(await store.all()).toEqual([base]);
    });

    it('[port: CircuitStore] gives the probe that is due to one of many, and counts it', async () => {
      await store.open(base.id, opening);
      const rivals = Array.from({ length: 10 }, (_, n) => store.claimProbe(base.id, { seen: circuit, nextProbeAt: at(120 + n) }));
      const won = await Promise.all(rivals);
      expect(won.filter(Boolean)).toHaveLength(1);
      const probeAt = at(120 + won.indexOf(true)).toISOString();
      expect((await store.find(base.id))?.circuit).toEqual({ ...circuit, probeAt, probes: 1 });
    });

    it('[port: CircuitStore] gives no probe of another opening, of another time, or of a subscription that is paused', async () => {
      await store.open(base.id, opening);
      const claim = (seen: typeof circuit) => store.claimProbe(base.id, { seen, nextProbeAt: at(120) });
      expect(await claim({ ...circuit, since: at(-1).toISOString() })).toBe(false);
      expect(await claim({ ...circuit, probeAt: at(59).toISOString() })).toBe(false);
      await setStatus('paused');
      expect(await claim(circuit)).toBe(false);
      expect((await store.find(base.id))?.circuit).toEqual(circuit);
    });

    it('[port: CircuitStore] gives the probe for a removal to one of many, and leaves the schedule as it is', async () => {
      await store.open(base.id, opening);
      const claims = (seen: Circuit, from: number) =>
        Promise.all(Array.from({ length: 10 }, (_, n) => store.claimRemovalProbe(base.id, { seen, at: at(from + n) })));
      const first = await claims(circuit, 10);
      expect(first.filter(Boolean)).toHaveLength(1);
      const seen = { ...circuit, removalProbedAt: at(10 + first.indexOf(true)).toISOString() };
      expect((await store.find(base.id))?.circuit).toEqual(seen);
      const second = await claims(seen, 50);
      expect(second.filter(Boolean)).toHaveLength(1);
      expect((await store.find(base.id))?.circuit).toEqual({ ...circuit, removalProbedAt: at(50 + second.indexOf(true)).toISOString() });
    });

    it('[port: CircuitStore] gives of a probe by schedule and one for a removal only the first, to who saw none', async () => {
      await store.open(base.id, opening);
      const seen = { ...circuit, removalProbedAt: at(50).toISOString() };
      expect(await store.claimRemovalProbe(base.id, { seen: circuit, at: at(50) })).toBe(true);
      expect(await store.claimProbe(base.id, { seen: circuit, nextProbeAt: at(180) })).toBe(false);
      expect(await store.claimProbe(base.id, { seen, nextProbeAt: at(180) })).toBe(true);
      expect(await store.claimRemovalProbe(base.id, { seen, at: at(100) })).toBe(false);
      expect((await store.find(base.id))?.circuit).toEqual({ ...seen, probeAt: at(180).toISOString(), probes: 1 });
    });

    it('[port: CircuitStore] gives no probe for a removal of another opening, or of a subscription that is paused', async () => {
      await store.open(base.id, opening);
      expect(await store.claimRemovalProbe(base.id, { seen: { ...circuit, since: at(-1).toISOString() }, at: at(50) })).toBe(false);
      await setStatus('paused');
      expect(await store.claimRemovalProbe(base.id, { seen: circuit, at: at(50) })).toBe(false);
      expect((await store.find(base.id))?.circuit).toEqual(circuit);
    });

    it.each([
      ['closed by a probe', () => store.close(base.id, { since: circuit.since, event: recovered })],
      ['closed by its owner', () => setStatus('active')],
    ])('[port: CircuitStore] forgets probes for removals when it is %s', async (_, close) => {
      await store.open(base.id, opening);
      await store.claimRemovalProbe(base.id, { seen: circuit, at: at(50) });
      expect(await close()).toBe(true);
      await store.open(base.id, { at: at(100), probeAt: at(160), event: event(3, 'failing', 100) });
      expect((await store.find(base.id))?.circuit).toEqual({ since: at(100).toISOString(), probeAt: at(160).toISOString(), probes: 0 });
    });

    it('[port: CircuitStore] closes its opening once and tells it', async () => {
      await store.open(base.id, opening);
      const rivals = [2, 3, 4, 5].map((number) => store.close(base.id, { since: circuit.since, event: event(number, 'recovered') }));
      expect((await Promise.all(rivals)).filter(Boolean)).toHaveLength(1);
      expect(await store.find(base.id)).not.toHaveProperty('circuit');
      expect((await events()).map(({ kind }) => kind)).toEqual(['failing', 'recovered']);
    });

    it('[port: CircuitStore] leaves a later opening open', async () => {
      await store.open(base.id, opening);
      await store.close(base.id, { since: circuit.since, event: recovered });
      await store.open(base.id, { at: at(100), probeAt: at(160), event: event(3, 'failing', 100) });
      expect(await store.close(base.id, { since: circuit.since, event: event(4, 'recovered', 101) })).toBe(false);
      expect((await store.find(base.id))?.circuit?.since).toBe(at(100).toISOString());
    });

    it('[port: CircuitStore] closes one whose subscription is paused, for its probe was under way', async () => {
      await store.open(base.id, opening);
      await setStatus('paused');
      expect((await store.find(base.id))?.circuit).toEqual(circuit);
      expect(await store.close(base.id, { since: circuit.since, event: recovered })).toBe(true);
    });

    it.each(['active', 'disabled', 'deleted'] as const)(
      '[port: CircuitStore] has none left once its subscription becomes %s',
      async (status) => {
        await store.open(base.id, opening);
        await setStatus(status);
        expect(await store.find(base.id)).not.toHaveProperty('circuit');
        expect(await store.close(base.id, { since: circuit.since, event: recovered })).toBe(false);
      },
    );

    it('[port: CircuitStore] tells one event of a kind in a while, and another kind at once', async () => {
      expect(await store.tell(base.id, event(1, 'exhausted', 0), 60_000)).toBe(true);
      expect(await store.tell(base.id, event(2, 'exhausted', 59), 60_000)).toBe(false);
      expect(await store.tell(base.id, event(3, 'failing', 59), 60_000)).toBe(true);
      expect(await store.tell(base.id, event(4, 'exhausted', 61), 60_000)).toBe(true);
      expect((await events()).map(({ id }) => Number(id.slice(-4)))).toEqual([1, 3, 4]);
    });

    it('[port: CircuitStore] stays quiet although what it told has been taken away, and after a transition that told as much', async () => {
      await store.tell(base.id, event(1, 'exhausted', 0), 60_000);
      await store.told(base.id, [event(1, 'exhausted', 0)]);
      expect(await store.tell(base.id, event(2, 'exhausted', 30), 60_000)).toBe(false);
      await store.open(base.id, opening);
      expect(await store.tell(base.id, event(3, 'failing', 30), 60_000)).toBe(false);
    });

    it('[port: CircuitStore] tells nothing of what is deleted', async () => {
      await setStatus('deleted');
      expect(await store.tell(base.id, event(1, 'exhausted'), 0)).toBe(false);
    });

    it.each([1, 3, 25, 60])('[port: CircuitStore] takes %i events away and keeps those behind them', async (count) => {
      const all = Array.from({ length: count + 2 }, (_, index) => event(index, 'exhausted', 10 * index));
      for (const one of all) await store.tell(base.id, one, 1);
      await store.told(base.id, all.slice(0, count));
      expect(await events()).toEqual(all.slice(count));
      await store.told(base.id, all.slice(count));
      expect(await store.find(base.id)).toEqual(base);
    });

    it('[port: CircuitStore] takes nothing away a second time, nor what is not first', async () => {
      const all = [1, 2, 3].map((number) => event(number, 'exhausted', 10 * number));
      for (const one of all) await store.tell(base.id, one, 1);
      await store.told(base.id, all.slice(0, 1));
      await store.told(base.id, all.slice(0, 1));
      await store.told(base.id, all.slice(2));
      await store.told(base.id, all.slice(0, 2));
      expect(await events()).toEqual(all.slice(1));
    });

    it('[port: CircuitStore] loses no event that is told while others are taken away', async () => {
      const first = [1, 2].map((number) => event(number, 'exhausted', 10 * number));
      for (const one of first) await store.tell(base.id, one, 1);
      const later = Array.from({ length: 5 }, (_, index) => event(10 + index, 'failing', 1_000 * (index + 1)));
      await Promise.all([store.told(base.id, first), ...later.map((one) => store.tell(base.id, one, -1e9))]);
      expect((await events()).map(({ id }) => id).toSorted()).toEqual(later.map(({ id }) => id));
    });
  });
}
