import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Attempt, Delivery, DeliveryMessage, DeliveryQuery, DeliveryStatus, DeliveryStore } from '#lib/delivery/delivery.ts';
import { deliveryMessage } from '../lib/delivery/delivery-message.ts';

const noon = new Date('2026-11-21T12:00:00.000Z');
const after = (ms: number, from = noon): Date => new Date(from.getTime() + ms);
const hour = 3_600_000;
const leaseMs = 20_000;
const failedAttempt: Attempt = { time: '2026-11-21T12:00:00.000Z', status: 503, latencyMs: 41, error: null };
const cutAttempt: Attempt = { time: '2026-11-21T12:00:05.000Z', status: null, latencyMs: 15_000, error: 'timeout' };

let people = 0;
/** Fresh ids, for implementations that keep what earlier tests wrote. */
const message = (given: Parameters<typeof deliveryMessage>[0] = {}): DeliveryMessage => {
  people += 1;
  const subscription = `sub_${String(people).padStart(6, '0')}${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  return deliveryMessage({ change: randomUUID(), user: `00u${randomUUID()}`, subscription, ...given });
};

/** What lib/delivery/delivery.ts promises of a DeliveryStore. `open` gives a store whose clock stands where `now` says. */
export function deliveryStoreContract(implementation: string, open: (now: () => Date) => DeliveryStore): void {
  describe(`DeliveryStore × ${implementation}`, () => {
    let clock = noon;
    let store: DeliveryStore;
    beforeEach(() => {
      clock = noon;
      store = open(() => clock);
    });
    const claim = (of: DeliveryMessage, lease: string, now = noon) => store.claim({ message: of, lease, now, leaseMs });
    const page = async (query: Omit<DeliveryQuery, 'limit'> & { limit?: number }) => {
      const answer = await store.list({ limit: 50, ...query });
      if (answer.kind !== 'page') throw new Error('a bad cursor');
      return answer;
    };
    const all = async (query: Omit<DeliveryQuery, 'limit' | 'cursor'> & { limit: number }): Promise<Delivery[]> => {
      const data: Delivery[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 500; pages += 1) {
        const answer = await page({ ...query, cursor });
        expect(answer.data.length).toBeLessThanOrEqual(query.limit);
        data.push(...answer.data);
        if (answer.nextCursor === null) return data;
        expect(answer.nextCursor).not.toBe(cursor);
        cursor = answer.nextCursor;
      }
      throw new Error('the list has no end');
    };

    describe('claiming', () => {
      it('[port: DeliveryStore] takes a delivery nobody has seen, and records it as pending', async () => {
        const first = message({ type: 'identity.user.suspended' });
        expect(await claim(first, 'a')).toEqual({ kind: 'claimed', attempts: 0, refusals: 0 });
        expect((await page({ change: first.change.id })).data).toEqual([
          {
            id: first.delivery,
            subscription: first.subscription,
            org: 'acme',
            change: first.change.id,
            type: 'identity.user.suspended',
            user: first.change.data.user?.id,
            status: 'pending',
            createdAt: '2026-11-21T12:00:00.000Z',
            attempts: [],
            nextAttemptAt: null,
          },
        ]);
      });

      it('[port: DeliveryStore] gives one of twenty racing claims the delivery and tells the others until when', async () => {
        const wanted = message();
        const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(wanted, `lease-${index}`)));
        expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
        expect(claims.filter(({ kind }) => kind !== 'claimed')).toEqual(Array(19).fill({ kind: 'not-yet', until: after(leaseMs) }));
      });

      it('[port: DeliveryStore] gives a delivery whose lease ran out to one of twenty racing claims', async () => {
        const wanted = message();
        await claim(wanted, 'crashed');
        const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(wanted, `lease-${index}`, after(leaseMs))));
        expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      });

      it('[port: DeliveryStore] waits for a lease to its last millisecond', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        expect(await claim(wanted, 'b', after(leaseMs - 1))).toEqual({ kind: 'not-yet', until: after(leaseMs) });
        expect(await claim(wanted, 'b', after(leaseMs))).toMatchObject({ kind: 'claimed' });
      });

      it('[port: DeliveryStore] waits for the next attempt and then says how many were made', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        await store.settle({ id: wanted.delivery, lease: 'a', status: 'pending', attempt: failedAttempt, nextAttemptAt: after(5_000) });
        expect(await claim(wanted, 'b', after(4_999))).toEqual({ kind: 'not-yet', until: after(5_000) });
        expect(await claim(wanted, 'b', after(5_000))).toEqual({ kind: 'claimed', attempts: 1, refusals: 0 });
      });

      it.each<DeliveryStatus>(['delivered', 'dead', 'cancelled', 'superseded'])(
        '[port: DeliveryStore] does not give out what is %s',
        async (status) => {
          const wanted = message();
          await claim(wanted, 'a');
          await store.settle({ id: wanted.delivery, lease: 'a', status });
          expect(await claim(wanted, 'b', after(30 * 24 * hour))).toEqual({ kind: 'settled', status });
        },
      );

      it('[port: DeliveryStore] keeps deliveries of one change to two subscriptions apart', async () => {
        const one = message();
        const other = message({ change: one.change.id });
        expect(await claim(one, 'a')).toMatchObject({ kind: 'claimed' });
        expect(await claim(other, 'b')).toMatchObject({ kind: 'claimed' });
      });
    });

    describe('settling', () => {
      it('[port: DeliveryStore] records attempts in order, with their time, status, latency and error', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        await store.settle({ id: wanted.delivery, lease: 'a', status: 'pending', attempt: failedAttempt, nextAttemptAt: after(5_000) });
        await claim(wanted, 'b', after(5_000));
        expect(await store.settle({ id: wanted.delivery, lease: 'b', status: 'dead', attempt: cutAttempt })).toBe('settled');
        expect((await page({ change: wanted.change.id })).data).toMatchObject([
          { status: 'dead', attempts: [failedAttempt, cutAttempt], nextAttemptAt: null, createdAt: '2026-11-21T12:00:00.000Z' },
        ]);
      });

      it('[port: DeliveryStore] counts refusals apart', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        await store.settle({
          id: wanted.delivery,
          lease: 'a',
          status: 'pending',
          attempt: failedAttempt,
          refused: true,
          nextAttemptAt: noon,
        });
        await claim(wanted, 'b');
        await store.settle({
          id: wanted.delivery,
          lease: 'b',
          status: 'pending',
          attempt: cutAttempt,
          refused: false,
          nextAttemptAt: noon,
        });
        expect(await claim(wanted, 'c')).toEqual({ kind: 'claimed', attempts: 2, refusals: 1 });
      });

      it('[port: DeliveryStore] is lost, and writes nothing, once another claim has taken over', async () => {
        const wanted = message();
        await claim(wanted, 'slow');
        await claim(wanted, 'next', after(leaseMs));
        expect(await store.settle({ id: wanted.delivery, lease: 'slow', status: 'delivered', attempt: failedAttempt })).toBe('lost');
        expect((await page({ change: wanted.change.id })).data).toMatchObject([{ status: 'pending', attempts: [] }]);
        expect(await store.settle({ id: wanted.delivery, lease: 'next', status: 'dead' })).toBe('settled');
      });

      it('[port: DeliveryStore] still counts after the lease ran out when nobody has taken over', async () => {
        const wanted = message();
        await claim(wanted, 'slow');
        expect(await store.settle({ id: wanted.delivery, lease: 'slow', status: 'delivered', attempt: cutAttempt })).toBe('settled');
      });

      it('[port: DeliveryStore] answers the same when the same settlement is written twice, and records it once', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        const settlement = { id: wanted.delivery, lease: 'a', status: 'delivered', attempt: failedAttempt } as const;
        expect([await store.settle(settlement), await store.settle(settlement)]).toEqual(['settled', 'settled']);
        expect((await page({ change: wanted.change.id })).data[0]?.attempts).toHaveLength(1);
      });

      it('[port: DeliveryStore] is lost for a delivery that was never claimed', async () => {
        expect(await store.settle({ id: message().delivery, lease: 'a', status: 'delivered' })).toBe('lost');
      });
    });

    describe('listing', () => {
      const subscription = (): string => message().subscription;
      const create = async (at: Date, given: Parameters<typeof deliveryMessage>[0]): Promise<DeliveryMessage> => {
        const made = message(given);
        await claim(made, 'a', at);
        return made;
      };

      it('[port: DeliveryStore] has the newest first, over hours and pages of every size', async () => {
        const of = subscription();
        const made: string[] = [];
        for (let index = 0; index < 11; index += 1) made.unshift((await create(after(index * 25 * 60_000), { subscription: of })).delivery);
        clock = after(11 * 25 * 60_000);
        for (const limit of [1, 3, 11, 100]) expect((await all({ subscription: of, limit })).map(({ id }) => id)).toEqual(made);
      });

      it('[port: DeliveryStore] tells deliveries of the same millisecond apart', async () => {
        const of = subscription();
        await Promise.all(Array.from({ length: 7 }, () => create(noon, { subscription: of })));
        const found = await all({ subscription: of, limit: 2 });
        expect(new Set(found.map(({ id }) => id)).size).toBe(7);
        expect(found).toHaveLength(7);
      });

      it('[port: DeliveryStore] goes back a day unless told how far', async () => {
        const of = subscription();
        const old = await create(after(-24 * hour - 1), { subscription: of });
        const young = await create(after(-24 * hour), { subscription: of });
        const ids = async (since?: Date) => (await all({ subscription: of, limit: 10, since })).map(({ id }) => id);
        expect(await ids()).toEqual([young.delivery]);
        expect(await ids(after(-24 * hour - 1))).toEqual([young.delivery, old.delivery]);
        expect(await ids(after(-24 * hour + 1))).toEqual([]);
      });

      it('[port: DeliveryStore] finds what is kept for longest of one change or one user, without a date', async () => {
        const old = await create(after(-29 * 24 * hour), {});
        expect(await all({ change: old.change.id, limit: 10 })).toHaveLength(1);
        expect(await all({ user: old.change.data.user?.id, limit: 10 })).toHaveLength(1);
        expect(await all({ user: old.change.data.user?.id, since: after(-hour), limit: 10 })).toHaveLength(0);
      });

      it('[port: DeliveryStore] filters by status, subscription, change and user together', async () => {
        const of = subscription();
        const user = `00u${randomUUID()}`;
        const wanted = await create(noon, { subscription: of, user });
        await create(noon, { subscription: of });
        await create(noon, { user });
        await create(noon, { change: wanted.change.id });
        await store.settle({ id: wanted.delivery, lease: 'a', status: 'dead' });
        const queries = [{ subscription: of, user }, { user, status: 'dead' as const }, { subscription: of, status: 'dead' as const }, { change: wanted.change.id, user }, { change: wanted.change.id, subscription: of }]; // prettier-ignore
        for (const query of queries) expect((await all({ ...query, limit: 1 })).map(({ id }) => id)).toEqual([wanted.delivery]);
        expect(await all({ subscription: of, status: 'cancelled', limit: 10 })).toEqual([]);
      });

      it('[port: DeliveryStore] finds a rare status behind many others, page by page', async () => {
        const of = subscription();
        const rare = await create(after(-10 * hour), { subscription: of });
        await store.settle({ id: rare.delivery, lease: 'a', status: 'dead' });
        await Promise.all(Array.from({ length: 120 }, (_, index) => create(after(-index * 60_000), { subscription: of })));
        expect((await all({ subscription: of, status: 'dead', limit: 2 })).map(({ id }) => id)).toEqual([rare.delivery]);
      });

      it('[port: DeliveryStore] lists across subscriptions', async () => {
        const [one, two] = [await create(after(1), {}), await create(after(2), {})];
        const ids = (await all({ limit: 100, since: noon })).map(({ id }) => id);
        expect(ids.indexOf(two.delivery)).toBeGreaterThanOrEqual(0);
        expect(ids.indexOf(one.delivery)).toBeGreaterThan(ids.indexOf(two.delivery));
      });

      it('[port: DeliveryStore] knows a delivery without a user', async () => {
        const groupChange = await create(noon, { user: null });
        expect((await page({ change: groupChange.change.id })).data).toMatchObject([{ user: null }]);
      });

      it.each(['', 'x', 'bm90IGpzb24', '🙂', 'W10', 'a'.repeat(5_000)])(
        '[port: DeliveryStore] says so when a cursor is not one of its own: %j',
        async (cursor) => {
          expect(await store.list({ limit: 10, cursor })).toEqual({ kind: 'bad-cursor' });
        },
      );
    });
  });
}
