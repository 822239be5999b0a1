import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  deliveryRetentionDays,
  longestAttemptLog,
  type Attempt,
  type Delivery,
  type DeliveryMessage,
  type DeliveryQuery,
  type DeliveryStatus,
  type DeliveryStore,
  type Settlement,
} from '#lib/delivery/delivery.ts';
import { placed } from '#lib/delivery/lane.ts';
import { deliveryMessage } from '../lib/delivery/delivery-message.ts';

const noon = new Date('2026-11-21T12:00:00.000Z');
const after = (ms: number, from = noon): Date => new Date(from.getTime() + ms);
const minute = 60_000;
const hour = 60 * minute;
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
    const claimEarly = (of: DeliveryMessage, lease: string, now = noon) => store.claim({ message: of, lease, now, leaseMs, early: true });
    const settle = (of: DeliveryMessage, lease: string, given: Omit<Settlement, 'id' | 'lease'>) =>
      store.settle({ id: of.delivery, lease, ...given });
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

    /** Of the lane in the queue that it has as a change of its person. */
    const groupOf = (of: DeliveryMessage): string =>
      placed(of, { orderingKey: of.change.data.user?.id ?? '', ordering: 'per-subject' }).groupId;

    describe('claiming', () => {
      it('[port: DeliveryStore] takes a delivery nobody has seen, and records it as pending', async () => {
        const first = message({ type: 'identity.user.suspended' });
        expect(await claim(first, 'a')).toEqual({ kind: 'claimed', attempts: 0, refusals: 0, createdAt: noon });
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
            group: groupOf(first),
          },
        ]);
      });

      it('[port: DeliveryStore] gives one of twenty racing claims the delivery and tells the others until when', async () => {
        const wanted = message();
        const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(wanted, `lease-${index}`)));
        expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
        expect(claims.filter(({ kind }) => kind !== 'claimed')).toEqual(
          Array(19).fill({ kind: 'not-yet', why: 'leased', until: after(leaseMs) }),
        );
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
        expect(await claim(wanted, 'b', after(leaseMs - 1))).toEqual({ kind: 'not-yet', why: 'leased', until: after(leaseMs) });
        expect(await claim(wanted, 'b', after(leaseMs))).toMatchObject({ kind: 'claimed' });
      });

      it('[port: DeliveryStore] waits for the next attempt and then says how many were made', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        await store.settle({ id: wanted.delivery, lease: 'a', status: 'pending', attempt: failedAttempt, nextAttemptAt: after(5_000) });
        expect(await claim(wanted, 'b', after(4_999))).toEqual({ kind: 'not-yet', why: 'waiting', until: after(5_000) });
        expect(await claim(wanted, 'b', after(5_000))).toEqual({ kind: 'claimed', attempts: 1, refusals: 0, createdAt: noon });
      });

      it('[port: DeliveryStore] gives a delivery out before its next attempt to who asks for it early', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        await settle(wanted, 'a', { status: 'pending', attempt: failedAttempt, nextAttemptAt: after(hour) });
        expect(await claimEarly(wanted, 'b', after(1))).toEqual({ kind: 'claimed', attempts: 1, refusals: 0, createdAt: noon });
      });

      it('[port: DeliveryStore] takes no delivery from under a lease, however early it is asked for', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        await settle(wanted, 'a', { status: 'pending', attempt: failedAttempt, nextAttemptAt: after(hour) });
        await claimEarly(wanted, 'b');
        expect(await claimEarly(wanted, 'c')).toEqual({ kind: 'not-yet', why: 'leased', until: after(leaseMs) });
        expect(await claim(wanted, 'c')).toEqual({ kind: 'not-yet', why: 'leased', until: after(hour) });
        expect(await claim(wanted, 'c', after(leaseMs))).toEqual({ kind: 'not-yet', why: 'waiting', until: after(hour) });
        expect(await claimEarly(wanted, 'c', after(leaseMs))).toMatchObject({ kind: 'claimed' });
      });

      it('[port: DeliveryStore] tells every claim when the delivery was first heard of', async () => {
        const wanted = message();
        await claim(wanted, 'a');
        expect(await claim(wanted, 'b', after(hour))).toMatchObject({ createdAt: noon });
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
        expect(await claim(wanted, 'c')).toEqual({ kind: 'claimed', attempts: 2, refusals: 1, createdAt: noon });
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

    describe('parking', () => {
      it('[port: DeliveryStore] records a delivery nobody has seen as parked, and lists it as any other', async () => {
        const waiting = message();
        await store.park({ message: waiting, now: noon });
        const delivery: Delivery = {
          id: waiting.delivery,
          subscription: waiting.subscription,
          org: 'acme',
          change: waiting.change.id,
          type: 'identity.user.deactivated',
          user: waiting.change.data.user?.id ?? '',
          status: 'parked',
          createdAt: '2026-11-21T12:00:00.000Z',
          attempts: [],
          nextAttemptAt: null,
          group: groupOf(waiting),
        };
        for (const query of [{ change: delivery.change }, { user: delivery.user ?? '' }, { subscription: delivery.subscription }])
          expect((await page({ ...query, status: 'parked' })).data).toEqual([delivery]);
        expect((await page({ since: noon, limit: 100 })).data).toContainEqual(delivery);
        expect(await claim(waiting, 'a', after(hour))).toEqual({ kind: 'claimed', attempts: 0, refusals: 0, createdAt: noon });
      });

      it('[port: DeliveryStore] leaves attempts, counts and the next attempt of what it parks alone', async () => {
        const waiting = message();
        await claim(waiting, 'a');
        await settle(waiting, 'a', { status: 'pending', attempt: failedAttempt, refused: true, nextAttemptAt: after(hour) });
        for (let again = 0; again < 2; again += 1) await store.park({ message: waiting, now: after(minute) });
        expect(await store.find(waiting.delivery)).toMatchObject({
          status: 'parked',
          attempts: [failedAttempt],
          nextAttemptAt: '2026-11-21T13:00:00.000Z',
          createdAt: '2026-11-21T12:00:00.000Z',
        });
        expect(await claim(waiting, 'b', after(minute))).toEqual({ kind: 'not-yet', why: 'waiting', until: after(hour) });
        expect(await claim(waiting, 'b', after(hour))).toEqual({ kind: 'claimed', attempts: 1, refusals: 1, createdAt: noon });
      });

      it('[port: DeliveryStore] leaves a lease to its holder', async () => {
        const waiting = message();
        await claim(waiting, 'holder');
        await store.park({ message: waiting, now: noon });
        expect(await claimEarly(waiting, 'other')).toEqual({ kind: 'not-yet', why: 'leased', until: after(leaseMs) });
        expect(await settle(waiting, 'holder', { status: 'delivered', attempt: failedAttempt })).toBe('settled');
        expect(await store.find(waiting.delivery)).toMatchObject({ status: 'delivered' });
      });

      it.each<DeliveryStatus>(['delivered', 'dead', 'cancelled', 'superseded'])(
        '[port: DeliveryStore] does nothing to a delivery that is %s',
        async (status) => {
          const done = message();
          await claim(done, 'a');
          await settle(done, 'a', { status, attempt: failedAttempt, reason: 'expired', letter: done });
          const before = [await store.find(done.delivery), await store.letter(done.delivery)];
          await store.park({ message: done, now: after(hour) });
          expect([await store.find(done.delivery), await store.letter(done.delivery)]).toEqual(before);
          expect(await claim(done, 'b', after(hour))).toEqual({ kind: 'settled', status });
        },
      );

      it('[port: DeliveryStore] settles a claimed delivery as parked, until its next attempt', async () => {
        const waiting = message();
        await claim(waiting, 'a');
        await settle(waiting, 'a', { status: 'parked', attempt: failedAttempt, nextAttemptAt: after(hour) });
        expect(await store.find(waiting.delivery)).toMatchObject({ status: 'parked', nextAttemptAt: '2026-11-21T13:00:00.000Z' });
        expect(await claim(waiting, 'b', after(hour - 1))).toEqual({ kind: 'not-yet', why: 'waiting', until: after(hour) });
        expect(await claim(waiting, 'b', after(hour))).toMatchObject({ kind: 'claimed', attempts: 1 });
      });
    });

    describe('what is recorded', () => {
      const settled = async (given: Omit<Settlement, 'id' | 'lease'>): Promise<DeliveryMessage> => {
        const one = message();
        await claim(one, 'a');
        expect(await settle(one, 'a', given)).toBe('settled');
        return one;
      };

      it('[port: DeliveryStore] finds a delivery by its id, as it is listed', async () => {
        expect(await store.find(message().delivery)).toBeUndefined();
        const one = await settled({ status: 'dead', attempt: cutAttempt, letter: message() });
        const [listed] = (await page({ change: one.change.id })).data;
        expect(await store.find(one.delivery)).toEqual(listed);
        expect(listed).toMatchObject({ id: one.delivery, attempts: [cutAttempt] });
      });

      it('[port: DeliveryStore] keeps why a delivery ended', async () => {
        const one = await settled({ status: 'dead', reason: 'yielded' });
        expect(await store.find(one.delivery)).toMatchObject({ status: 'dead', reason: 'yielded' });
        expect((await page({ change: one.change.id })).data).toMatchObject([{ reason: 'yielded' }]);
        expect(await store.find((await settled({ status: 'delivered' })).delivery)).not.toHaveProperty('reason');
      });

      it('[port: DeliveryStore] keeps what an endpoint answered, word for word', async () => {
        const answer = 'no \\u0000 such user: "Žofie" 🙂\n';
        const one = await settled({ status: 'dead', attempt: { ...failedAttempt, answer } });
        expect((await store.find(one.delivery))?.attempts).toEqual([{ ...failedAttempt, answer }]);
      });

      it('[port: DeliveryStore] records a probe and does not count it, nor its refusal', async () => {
        const probe: Attempt = { ...failedAttempt, probe: true };
        const one = await settled({ status: 'parked', attempt: probe, refused: true });
        expect(await claim(one, 'b')).toEqual({ kind: 'claimed', attempts: 0, refusals: 0, createdAt: noon });
        await settle(one, 'b', { status: 'parked', attempt: failedAttempt, refused: true });
        expect(await claim(one, 'c')).toEqual({ kind: 'claimed', attempts: 1, refusals: 1, createdAt: noon });
        expect((await store.find(one.delivery))?.attempts).toEqual([probe, failedAttempt]);
      });

      it('[port: DeliveryStore] keeps the first attempts and the newest one of very many, and counts all', async () => {
        const one = message();
        const made: Attempt[] = [];
        for (let index = 0; index < longestAttemptLog + 3; index += 1) {
          const probe = index % 2 === 0 ? { probe: true as const } : {};
          made.push({ time: after(index).toISOString(), status: 503, latencyMs: index, error: null, ...probe });
          await claim(one, `lease-${index}`, after(index));
          const settlement = { status: 'parked' as const, attempt: made[index]! };
          expect(await settle(one, `lease-${index}`, settlement)).toBe('settled');
          expect(await settle(one, `lease-${index}`, settlement)).toBe('settled');
        }
        expect((await store.find(one.delivery))?.attempts).toEqual([...made.slice(0, longestAttemptLog - 1), made.at(-1)]);
        expect(await claim(one, 'last', after(hour))).toMatchObject({ attempts: made.filter(({ probe }) => probe !== true).length });
        expect(await settle(one, 'stranger', { status: 'dead', attempt: made[0]! })).toBe('lost');
      });

      it('[port: DeliveryStore] keeps with a dead delivery what it takes to send it again', async () => {
        const one = message();
        await claim(one, 'a');
        await settle(one, 'a', { status: 'dead', reason: 'exhausted', attempt: failedAttempt, letter: one });
        expect(await store.letter(one.delivery)).toEqual({ delivery: await store.find(one.delivery), message: one });
        expect((await page({ change: one.change.id })).data[0]).not.toHaveProperty('letter');
      });

      it.each<DeliveryStatus>(['pending', 'parked', 'delivered', 'cancelled', 'superseded'])(
        '[port: DeliveryStore] has no letter of a delivery that is %s',
        async (status) => {
          const one = await settled({ status, letter: message() });
          expect(await store.letter(one.delivery)).toBeUndefined();
        },
      );

      it('[port: DeliveryStore] keeps a letter for the retention from its last claim, and has none after, whether or not it is still there', async () => {
        const one = message();
        await claim(one, 'a');
        await settle(one, 'a', { status: 'pending', attempt: failedAttempt });
        const lastClaim = after(48 * hour);
        await claim(one, 'b', lastClaim);
        await settle(one, 'b', { status: 'dead', reason: 'exhausted', attempt: failedAttempt, letter: one });
        clock = after(deliveryRetentionDays * 24 * hour - 1_000, lastClaim);
        expect(await store.letter(one.delivery)).toMatchObject({ message: one });
        clock = after(deliveryRetentionDays * 24 * hour, lastClaim);
        expect(await store.letter(one.delivery)).toBeUndefined();
      });

      it('[port: DeliveryStore] has no letter of a delivery that is not there, or died without one', async () => {
        expect(await store.letter(message().delivery)).toBeUndefined();
        expect(await store.letter((await settled({ status: 'dead' })).delivery)).toBeUndefined();
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

      it('[port: DeliveryStore] lists what was created before a time, and not at it, over pages and in the middle of an hour', async () => {
        const of = subscription();
        const made: string[] = [];
        for (const minutes of [-61, -60, -59, -1, 0]) made.unshift((await create(after(minutes * minute), { subscription: of })).delivery);
        const ids = async (until: Date, limit: number) =>
          (await all({ subscription: of, until, since: after(-2 * hour), limit })).map(({ id }) => id);
        for (const limit of [1, 2, 50]) {
          expect(await ids(after(1), limit)).toEqual(made);
          expect(await ids(noon, limit)).toEqual(made.slice(1));
          expect(await ids(after(-59 * minute), limit)).toEqual(made.slice(3));
          expect(await ids(after(-60 * minute), limit)).toEqual(made.slice(4));
          expect(await ids(after(-61 * minute), limit)).toEqual([]);
        }
        expect(await ids(after(24 * hour), 50)).toEqual(made);
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
