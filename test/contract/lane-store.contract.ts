import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { LaneKey, LaneStore, ParkedDelivery, ParkedLane, ParkRequest } from '#lib/delivery/lane-store.ts';
import { subscriptionIdSchema, type SubscriptionId } from '#lib/subscriptions/subscription.ts';
import { deliveryMessage } from '../lib/delivery/delivery-message.ts';
import { scaled } from '../support/scale.ts';

const noon = new Date('2026-11-21T12:00:00.000Z');
const after = (ms: number): Date => new Date(noon.getTime() + ms);
const minute = 60_000;
const lostAt = after(10 * minute);
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

export interface LaneStoreUnderTest {
  readonly store: LaneStore;
  /** Another process on the same lanes, killed before this of its writes (the first is 1): that call rejects. */
  killedAtWrite(write: number): LaneStore;
  /** Somebody else writes over what stands at a position. */
  spoilPlace(lane: ParkedLane, position: number, bytes: Uint8Array): Promise<void>;
  /** Somebody else writes over the lane's record, in a way that no lane has. */
  spoilLane(lane: ParkedLane): Promise<void>;
}

/** What lib/delivery/lane-store.ts promises of a LaneStore. */
export function laneStoreContract(implementation: string, open: () => LaneStoreUnderTest): void {
  describe(`LaneStore × ${implementation}`, () => {
    let store: LaneStore;
    let killedAtWrite: LaneStoreUnderTest['killedAtWrite'];
    let spoilPlace: LaneStoreUnderTest['spoilPlace'];
    let spoilLane: LaneStoreUnderTest['spoilLane'];
    let subscription: SubscriptionId;
    let key: LaneKey;
    beforeEach(() => {
      ({ store, killedAtWrite, spoilPlace, spoilLane } = open());
      // Fresh ids, for implementations that keep what earlier tests wrote.
      subscription = subscriptionIdSchema.parse(`sub_${randomUUID().replaceAll('-', '').slice(0, 26)}`);
      key = { queue: 'deliveries', group: randomUUID() };
    });

    const message = (): DeliveryMessage => deliveryMessage({ change: randomUUID(), subscription });
    /** Of a change that Okta published then. */
    const at = (published: Date): DeliveryMessage => {
      const of = message();
      return { ...of, change: { ...of.change, time: published.toISOString() } };
    };
    const request = (given: Partial<ParkRequest> = {}): ParkRequest => ({
      ...key,
      subscription,
      epoch: randomUUID(),
      message: message(),
      removal: false,
      reason: 'back-off',
      dueAt: after(5 * minute),
      now: noon,
      ...given,
    });
    const given = <T>(value: T | undefined): T => {
      if (value === undefined) throw new Error('undefined where this test needs a lane');
      return value;
    };
    const park = async (of: Partial<ParkRequest> = {}): Promise<ParkedLane> => given(await store.park(request(of)));
    const append = async (lane: ParkedLane, of: DeliveryMessage, removal = false): Promise<ParkedLane> =>
      given(await store.append(lane, { message: of, removal, now: noon }));
    const found = async (): Promise<ParkedLane> => given(await store.find(key));
    const seize = async (lane: ParkedLane, token: string): Promise<ParkedLane> => given(await store.seize(lane, { token, lostAt }));
    const deliveriesIn = async (lane: ParkedLane, from: number, limit: number): Promise<ParkedDelivery[]> =>
      (await store.read(lane, from, limit)).map((place) => {
        if ('message' in place) return place;
        throw new Error('unreadable where this test needs a delivery');
      });
    const idsIn = async (lane: ParkedLane, from = 0): Promise<string[]> =>
      (await deliveriesIn(lane, from, 1_000)).map((parked) => parked.message.delivery);
    const reopen = async (lane: ParkedLane): Promise<void> => expect(await store.reopen(await seize(lane, randomUUID()))).toBe(true);

    describe('parking', () => {
      it('[port: LaneStore] parks an open lane with its first delivery at position 0', async () => {
        const asked = request({ reason: 'circuit' });
        const lane = { ...key, subscription, epoch: asked.epoch, tail: 1, removalAt: -1, reason: 'circuit', parkedAt: noon, dueAt: after(5 * minute) }; // prettier-ignore
        expect(await store.find(key)).toBeUndefined();
        expect(await store.park(asked)).toEqual(lane);
        expect(await store.find(key)).toEqual(lane);
        expect(await store.read(await found(), 0, 10)).toEqual([{ position: 0, message: asked.message }]);
      });

      it('[port: LaneStore] knows that the first delivery is a removal', async () => {
        expect(await park({ removal: true })).toMatchObject({ removalAt: 0 });
      });

      it('[port: LaneStore] leaves a lane that is parked under another epoch as it is', async () => {
        const first = await park();
        expect(await store.park(request())).toBeUndefined();
        expect(await found()).toEqual(first);
        expect(await store.read(first, 0, 10)).toHaveLength(1);
      });

      it('[port: LaneStore] answers the same parking again with the lane as it is by now', async () => {
        const asked = request();
        const lane = await append(given(await store.park(asked)), message());
        expect(await store.park(asked)).toEqual(lane);
        expect(await idsIn(lane)).toHaveLength(2);
      });

      it('[port: LaneStore] lets one of twenty racing calls park a lane', async () => {
        const asked = times(20, () => request());
        const parked = await Promise.all(asked.map((one) => store.park(one)));
        const winners = asked.filter((_, index) => parked[index] !== undefined);
        expect(winners).toHaveLength(1);
        expect(await idsIn(await found())).toEqual(winners.map((winner) => winner.message.delivery));
      });

      it('[port: LaneStore] keeps lanes of the two queues apart', async () => {
        await park();
        expect(await store.find({ ...key, queue: 'replayDeliveries' })).toBeUndefined();
        const replayed = await park({ queue: 'replayDeliveries' });
        expect(await idsIn(replayed)).toHaveLength(1);
        expect(await idsIn(await found())).toHaveLength(1);
      });

      it('[port: LaneStore] leaves the lane open when its process is killed between the two writes, and parks it when it is asked again', async () => {
        const asked = request();
        await expect(killedAtWrite(2).park(asked)).rejects.toMatchObject({ code: 'DELIVERY_STORE_UNAVAILABLE' });
        expect(await store.find(key)).toBeUndefined();
        expect(await idsIn(given(await store.park(asked)))).toEqual([asked.message.delivery]);
      });

      it('[port: LaneStore] never reads what a killed process left behind under another epoch', async () => {
        await expect(killedAtWrite(2).park(request())).rejects.toMatchObject({ code: 'DELIVERY_STORE_UNAVAILABLE' });
        const asked = request();
        expect(await idsIn(given(await store.park(asked)))).toEqual([asked.message.delivery]);
      });
    });

    describe('appending', () => {
      it('[port: LaneStore] puts deliveries at the tail, in order', async () => {
        const asked = request();
        let lane = given(await store.park(asked));
        const messages = times(4, message);
        for (const one of messages) lane = await append(lane, one);
        expect(lane).toMatchObject({ tail: 5, removalAt: -1 });
        expect(await found()).toEqual(lane);
        expect(await store.read(lane, 0, 10)).toEqual([asked.message, ...messages].map((one, position) => ({ position, message: one })));
      });

      it('[port: LaneStore] remembers the highest position that a removal ever had', async () => {
        let lane = await park({ removal: true });
        expect((lane = await append(lane, message())).removalAt).toBe(0);
        expect((lane = await append(lane, message(), true)).removalAt).toBe(2);
        expect((lane = await append(lane, message())).removalAt).toBe(2);
        await store.remove(lane, 2);
        expect(await found()).toMatchObject({ tail: 4, removalAt: 2 });
      });

      it('[port: LaneStore] gives every one of many that come at once a position of its own', async () => {
        const lane = await park();
        const messages = times(scaled(20, 8), message);
        const answers = await Promise.all(messages.map((one, index) => append(lane, one, index === 7)));
        const read = await deliveriesIn(await found(), 0, 100);
        expect(read.map(({ position }) => position)).toEqual(times(messages.length + 1, (position) => position));
        expect(new Set(read.slice(1).map((parked) => parked.message.delivery))).toEqual(new Set(messages.map(({ delivery }) => delivery)));
        const positionOf = (one: DeliveryMessage) => read.findIndex((parked) => parked.message.delivery === one.delivery);
        messages.forEach((one, index) => expect(answers[index]?.tail).toBeGreaterThan(positionOf(one)));
        expect(await found()).toMatchObject({ tail: messages.length + 1, removalAt: positionOf(messages[7]!) });
      });

      it('[port: LaneStore] gives a delivery the position it already has when its process was killed before the tail moved', async () => {
        const lane = await park();
        const again = message();
        await expect(killedAtWrite(2).append(lane, { message: again, removal: true, now: noon })).rejects.toMatchObject({
          code: 'DELIVERY_STORE_UNAVAILABLE',
        });
        expect(await found()).toEqual(lane);
        expect(await append(lane, again, true)).toMatchObject({ tail: 2, removalAt: 1 });
        expect(await store.read(await found(), 1, 10)).toEqual([{ position: 1, message: again }]);
      });

      it('[port: LaneStore] moves past the position of a killed writer, whose delivery is read in its place', async () => {
        const lane = await park();
        const [lost, next] = [message(), message()];
        await expect(killedAtWrite(2).append(lane, { message: lost, removal: true, now: noon })).rejects.toThrow();
        expect(await idsIn(lane, 1)).toEqual([]);
        const moved = await append(lane, next);
        expect(moved).toMatchObject({ tail: 3, removalAt: 1 });
        expect(await idsIn(moved, 1)).toEqual([lost.delivery, next.delivery]);
      });

      it('[port: LaneStore] does not read a delivery whose writer has not moved the tail behind it', async () => {
        const lane = await park();
        await expect(killedAtWrite(2).append(lane, { message: message(), removal: false, now: noon })).rejects.toThrow();
        for (const from of [0, 1]) expect(await idsIn(await found(), from)).toHaveLength(1 - from);
        await reopen(lane);
        expect(await store.find(key)).toBeUndefined();
      });

      it('[port: LaneStore] puts what comes with an old view of the lane behind everything, also where all before was removed', async () => {
        const old = await park();
        let lane = old;
        for (const one of times(4, message)) lane = await append(lane, one);
        for (const position of [0, 1, 2]) await store.remove(lane, position);
        const late = message();
        expect(await append(old, late)).toMatchObject({ tail: 6 });
        expect((await store.read(await found(), 0, 10)).map(({ position }) => position)).toEqual([3, 4, 5]);
        expect((await idsIn(await found())).at(-1)).toBe(late.delivery);
      });

      it('[port: LaneStore] never moves a tail back, at whichever of its writes a process with an old view of the lane is killed', async () => {
        const old = await park();
        let lane = old;
        for (const one of times(4, message)) lane = await append(lane, one);
        for (const write of [2, 3, 4]) {
          const late = { message: message(), removal: false, now: noon };
          // An implementation that writes less often than this comes through.
          await killedAtWrite(write)
            .append(old, late)
            .catch(() => undefined);
          const { tail } = await found();
          expect(tail).toBeGreaterThanOrEqual(lane.tail);
          lane = await found();
          expect(await idsIn(lane)).toHaveLength(tail);
        }
      });

      it('[port: LaneStore] appends nothing to a lane that was opened, or parked anew', async () => {
        const lane = await park();
        await reopen(lane);
        expect(await store.append(lane, { message: message(), removal: false, now: noon })).toBeUndefined();
        expect(await store.find(key)).toBeUndefined();
        const anew = await park();
        expect(await store.append(lane, { message: message(), removal: true, now: noon })).toBeUndefined();
        expect(await found()).toEqual(anew);
        expect(await idsIn(anew)).toHaveLength(1);
      });

      it('[port: LaneStore] never opens a lane on a delivery that was answered as appended, whoever is first', async () => {
        const outcomes = new Set<boolean>();
        for (let round = 0; round < scaled(200, 30); round += 1) {
          key = { ...key, group: randomUUID() };
          const lane = await seize(await park(), 'holder');
          const late = message();
          const reopenInAWhile = async (): Promise<boolean> => {
            for (let wait = 0; wait < round % 6; wait += 1) await store.find(key);
            return store.reopen(lane);
          };
          const appending = { message: late, removal: false, now: noon };
          const [opened, appended] = await Promise.all([reopenInAWhile(), store.append(lane, appending)]);
          expect(opened).toBe(appended === undefined);
          if (appended === undefined) expect(await store.find(key)).toBeUndefined();
          else expect(await idsIn(await found(), 1)).toEqual([late.delivery]);
          outcomes.add(opened);
        }
        expect(outcomes).toEqual(new Set([true, false]));
      });
    });

    describe('reading and removing', () => {
      const filled = async (count: number): Promise<ParkedLane> => {
        let lane = await park();
        for (let index = 1; index < count; index += 1) lane = await append(lane, message());
        return lane;
      };
      const positions = async (lane: ParkedLane, from: number, limit: number): Promise<number[]> =>
        (await store.read(lane, from, limit)).map(({ position }) => position);

      it('[port: LaneStore] reads at a position and behind, as many as it is asked for', async () => {
        const lane = await filled(6);
        expect(await positions(lane, 0, 2)).toEqual([0, 1]);
        expect(await positions(lane, 2, 3)).toEqual([2, 3, 4]);
        expect(await positions(lane, 5, 3)).toEqual([5]);
        expect(await positions(lane, 6, 3)).toEqual([]);
      });

      it('[port: LaneStore] passes over what was removed, however much that is', async () => {
        const lane = await filled(60);
        await Promise.all(times(58, (index) => store.remove(lane, index + 1)));
        expect(await positions(lane, 0, 1)).toEqual([0]);
        expect(await positions(lane, 1, 1)).toEqual([59]);
        expect(await positions(lane, 0, 5)).toEqual([0, 59]);
        await store.remove(lane, 59);
        expect(await positions(lane, 1, 5)).toEqual([]);
      });

      it('[port: LaneStore] finds where a delivery stands, up to the tail that was seen, and until it is removed', async () => {
        const [twice, once] = [message(), message()];
        let lane = await append(await filled(3), twice);
        for (const one of [once, message(), twice]) lane = await append(lane, one);
        expect(await store.positions(lane, twice.delivery)).toEqual([3, 6]);
        expect(await store.positions(lane, once.delivery)).toEqual([4]);
        expect(await store.positions({ ...lane, tail: 6 }, twice.delivery)).toEqual([3]);
        expect(await store.positions(lane, message().delivery)).toEqual([]);
        await store.remove(lane, 3);
        expect(await store.positions(lane, twice.delivery)).toEqual([6]);
        await reopen(lane);
        expect(await store.positions(await park(), twice.delivery)).toEqual([]);
      });

      it('[port: LaneStore] removes a delivery again, and one that was never there, without a word', async () => {
        const lane = await filled(2);
        await store.remove(lane, 0);
        await store.remove(lane, 0);
        await store.remove(lane, 7);
        expect(await positions(await found(), 0, 10)).toEqual([1]);
        expect(await append(lane, message())).toMatchObject({ tail: 3 });
      });

      it('[port: LaneStore] never reads what belongs to an earlier parking', async () => {
        const earlier = await filled(4);
        await reopen(earlier);
        const anew = await park();
        expect(await idsIn(anew)).toHaveLength(1);
        expect(await positions({ ...anew, tail: 4 }, 1, 10)).toEqual([]);
      });
    });

    describe('what is sent ahead of what failed', () => {
      it('[port: LaneStore] is marked until it leaves the lane, and nothing else is', async () => {
        const first = message();
        const second = message();
        const lane = await append(given(await store.park(request({ message: first }))), second, true);
        await store.markAhead(lane, 1);
        await store.markAhead(lane, 1);
        const marked = [
          { position: 0, message: first },
          { position: 1, message: second, ahead: true },
        ];
        expect(await store.read(lane, 0, 10)).toEqual(marked);
        expect(await store.read(await seize(await found(), 'a'), 0, 10)).toEqual(marked);
        await store.remove(lane, 1);
        expect(await store.read(lane, 0, 10)).toEqual([{ position: 0, message: first }]);
      });

      it('[port: LaneStore] brings back nothing that has left, and makes no place that is not there', async () => {
        const lane = await park();
        const next = message();
        await store.markAhead(lane, 1);
        await store.remove(lane, 0);
        await store.markAhead(lane, 0);
        expect(await store.read(await append(lane, next), 0, 10)).toEqual([{ position: 1, message: next }]);
      });
    });

    describe('the part that was tried', () => {
      const tried = { to: 3, dueAt: after(7 * minute) };

      it('[port: LaneStore] is known to whoever has the lane next, and as he lays it down', async () => {
        const lane = await park();
        expect(lane.tried).toBeUndefined();
        expect(await store.release(await seize(lane, 'a'), { dueAt: noon, reason: 'back-off', tried })).toBe(true);
        expect(await found()).toMatchObject({ tried });
        expect(await append(await found(), message())).toMatchObject({ tried });
        await store.issue({ ...lane, dueAt: noon }, { token: 'b', lostAt });
        expect(await store.take(key, { token: 'b', lostAt })).toMatchObject({ tried });
        const further = { to: 9, dueAt: after(8 * minute) };
        expect(await store.take(key, { token: 'b', lostAt, tried: further })).toMatchObject({ token: 'b', tried: further });
        expect(await store.take(key, { token: 'stale', lostAt, tried })).toBeUndefined();
        const held = await seize(await found(), 'c');
        expect(held).toMatchObject({ tried: further });
        await store.release(held, { dueAt: noon, reason: 'limit', tried: { ...tried, to: 4 } });
        expect(await found()).toMatchObject({ tried: { ...tried, to: 4 } });
      });

      it('[port: LaneStore] is forgotten when the lane is laid down without it, and not by who has no token', async () => {
        const lane = await seize(await park(), 'a');
        await store.release(lane, { dueAt: noon, reason: 'back-off', tried });
        const held = await seize(await found(), 'b');
        expect(await store.release({ ...held, token: 'stale' }, { dueAt: noon, reason: 'circuit' })).toBe(false);
        expect(await found()).toMatchObject({ tried });
        await store.release(held, { dueAt: noon, reason: 'circuit' });
        expect(await found()).not.toHaveProperty('tried');
      });
    });

    describe('hastening', () => {
      const wish = after(2 * minute);

      it('[port: LaneStore] makes a lane due that waits, since it was parked, and tells whoever works it when that was asked for', async () => {
        const lane = await park({ dueAt: after(30 * minute), now: after(-minute) });
        const dueAt = after(-minute);
        expect(await store.hasten(lane, wish)).toBe(true);
        expect(await found()).toEqual({ ...lane, dueAt, hastenedAt: wish });
        expect(await store.due(subscription, wish, 10)).toMatchObject([{ group: key.group, dueAt, hastenedAt: wish }]);
        expect(await store.issue({ ...lane, dueAt }, { token: 'a', lostAt })).toBe(true);
        const taken = given(await store.take(key, { token: 'a', lostAt }));
        expect(taken).toMatchObject({ hastenedAt: wish });
        expect(await append(taken, message())).toMatchObject({ hastenedAt: wish });
      });

      it('[port: LaneStore] puts no lane behind another by it that was due after it, however often it is asked for', async () => {
        const first = await park({ group: randomUUID(), dueAt: after(-3 * minute), now: after(-3 * minute) });
        const second = await park({ group: randomUUID(), dueAt: after(-2 * minute), now: after(-5 * minute) });
        const third = await park({ group: randomUUID(), dueAt: after(-minute), now: after(-minute) });
        const names = new Map([[first.group, 'first'], [second.group, 'second'], [third.group, 'third']]); // prettier-ignore
        const inOrder = async () =>
          (await store.due(subscription, after(5 * minute), 10)).map(({ group, dueAt }) => [names.get(group), dueAt]);
        for (const minutes of [2, 3]) expect(await store.hasten(given(await store.find(first)), after(minutes * minute))).toBe(true);
        const [one, two, three] = [after(-3 * minute), after(-2 * minute), after(-minute)];
        expect(await inOrder()).toEqual([['first', one], ['second', two], ['third', three]]); // prettier-ignore
        // It was parked before the first one was due.
        expect(await store.hasten(second, wish)).toBe(true);
        expect(await inOrder()).toEqual([['second', after(-5 * minute)], ['first', one], ['third', three]]); // prettier-ignore
      });

      it('[port: LaneStore] makes a lane due when it was asked for where another clock says that it was parked after that', async () => {
        const lane = await park({ dueAt: after(30 * minute), now: after(3 * minute) });
        expect(await store.hasten(lane, wish)).toBe(true);
        expect(await found()).toMatchObject({ dueAt: wish, hastenedAt: wish });
      });

      it('[port: LaneStore] lets it wait for its time again once its holder has seen that, and keeps when it was', async () => {
        const lane = await park();
        await store.hasten(lane, wish);
        const held = await seize(await found(), 'a');
        const later = after(30 * minute);
        expect(await store.release(held, { dueAt: later, reason: 'back-off' })).toBe(true);
        expect(await found()).toEqual({ ...lane, dueAt: later, hastenedAt: wish });
      });

      it('[port: LaneStore] leaves a token that is out with its holder, who then lays the lane down as due at once, tried or not', async () => {
        const lane = await park();
        const held = await seize(lane, 'a');
        expect(await store.hasten(held, wish)).toBe(true);
        expect(await found()).toEqual({ ...held, hastenedAt: wish });
        const [again, later] = [after(3 * minute), after(30 * minute)];
        expect(await store.hasten(await found(), again)).toBe(true);
        const tried = { to: 1, dueAt: later };
        expect(await store.release(held, { dueAt: later, reason: 'limit', tried })).toBe(true);
        expect(await found()).toEqual({ ...lane, reason: 'limit', dueAt: noon, hastenedAt: again });
        expect(await store.release(held, { dueAt: later, reason: 'limit', tried })).toBe(true);
        expect(await found()).toMatchObject({ dueAt: noon });
      });

      it('[port: LaneStore] forgets what was tried before it, also of a holder who has not seen it', async () => {
        const tried = { to: 1, dueAt: after(30 * minute) };
        const lane = await park();
        await store.release(await seize(lane, 'a'), { dueAt: noon, reason: 'back-off', tried });
        expect(await store.hasten(await found(), wish)).toBe(true);
        expect(await found()).not.toHaveProperty('tried');
        const held = await seize(await found(), 'b');
        const again = after(3 * minute);
        expect(await store.hasten(held, again)).toBe(true);
        expect(await store.take(held, { token: 'b', lostAt, tried })).toBeUndefined();
        expect(await found()).not.toHaveProperty('tried');
        const seen = given(await store.take(key, { token: 'b', lostAt }));
        expect(await store.take(seen, { token: 'b', lostAt, tried })).toMatchObject({ tried, hastenedAt: again });
      });

      it('[port: LaneStore] does nothing to a lane that is not as it was seen, and is over with the parking', async () => {
        const lane = await park();
        const held = await seize(lane, 'a');
        expect(await store.hasten(lane, wish)).toBe(false);
        expect(await store.hasten({ ...held, epoch: randomUUID() }, wish)).toBe(false);
        expect(await found()).toEqual(held);
        expect(await store.hasten(held, wish)).toBe(true);
        expect(await store.hasten(held, after(3 * minute))).toBe(false);
        expect(await store.reopen(held)).toBe(true);
        expect(await store.hasten(held, wish)).toBe(false);
        expect(await store.find(key)).toBeUndefined();
        expect(await park()).not.toHaveProperty('hastenedAt');
      });

      it('[port: LaneStore] may be asked for again, and by twenty at once', async () => {
        const lane = await park();
        expect([await store.hasten(lane, wish), await store.hasten(lane, wish)]).toEqual([true, true]);
        const seen = await found();
        const wishes = times(20, (index) => after((3 + index) * minute));
        const hastened = await Promise.all(wishes.map((at) => store.hasten(seen, at)));
        expect(hastened.filter(Boolean)).toHaveLength(1);
        expect(await found()).toMatchObject({ hastenedAt: wishes[hastened.indexOf(true)] });
      });
    });

    describe('tokens', () => {
      it('[port: LaneStore] gives one of twenty racing calls the token, which is due again when it counts as lost', async () => {
        const seen = await park();
        const tokens = times(20, () => randomUUID());
        const issued = await Promise.all(tokens.map((token) => store.issue(seen, { token, lostAt })));
        expect(issued.filter(Boolean)).toHaveLength(1);
        expect(await found()).toEqual({ ...seen, token: tokens[issued.indexOf(true)], dueAt: lostAt });
      });

      it('[port: LaneStore] issues no token for a lane that is not as it was seen', async () => {
        const seen = await park();
        expect(await store.issue({ ...seen, epoch: randomUUID() }, { token: 'a', lostAt })).toBe(false);
        expect(await store.issue({ ...seen, dueAt: after(1) }, { token: 'a', lostAt })).toBe(false);
        expect(await found()).toEqual(seen);
        await reopen(seen);
        expect(await store.issue(seen, { token: 'a', lostAt })).toBe(false);
        expect(await store.find(key)).toBeUndefined();
      });

      it('[port: LaneStore] issues the same token again, and another in place of one that is lost', async () => {
        const seen = await park();
        expect([await store.issue(seen, { token: 'a', lostAt }), await store.issue(seen, { token: 'a', lostAt })]).toEqual([true, true]);
        const later = after(30 * minute);
        expect(await store.issue({ ...seen, dueAt: lostAt }, { token: 'b', lostAt: later })).toBe(true);
        expect(await store.take(key, { token: 'a', lostAt })).toBeUndefined();
        expect(await store.take(key, { token: 'b', lostAt: later })).toMatchObject({ token: 'b' });
      });

      it('[port: LaneStore] hands the lane to who has its token, as often as he asks, and makes the token good for longer', async () => {
        const seen = await append(await park(), message());
        await store.issue(seen, { token: 'a', lostAt });
        const later = after(20 * minute);
        const taken = { ...seen, token: 'a', dueAt: later };
        expect(await store.take(key, { token: 'a', lostAt: later })).toEqual(taken);
        expect(await store.take(key, { token: 'a', lostAt: later })).toEqual(taken);
        expect(await store.issue({ ...seen, dueAt: lostAt }, { token: 'b', lostAt: later })).toBe(false);
      });

      it('[port: LaneStore] refuses a token that it never gave out', async () => {
        expect(await store.take(key, { token: 'a', lostAt })).toBeUndefined();
        const lane = await park();
        expect(await store.take(key, { token: 'a', lostAt })).toBeUndefined();
        expect(await store.release({ ...lane, token: 'a' }, { dueAt: lostAt, reason: 'limit' })).toBe(false);
        expect(await store.reopen({ ...lane, token: 'a' })).toBe(false);
        expect(await store.release(lane, { dueAt: lostAt, reason: 'limit' })).toBe(false);
        expect(await store.reopen(lane)).toBe(false);
        expect(await found()).toEqual(lane);
      });

      it('[port: LaneStore] makes earlier tokens stale when a lane is seized', async () => {
        const lane = await park();
        await store.issue(lane, { token: 'a', lostAt });
        const early = given(await store.take(key, { token: 'a', lostAt }));
        const later = after(20 * minute);
        const seized = given(await store.seize(lane, { token: 'b', lostAt: later }));
        expect(seized).toEqual({ ...lane, token: 'b', dueAt: later });
        expect(await store.seize(lane, { token: 'b', lostAt: later })).toEqual(seized);
        expect(await store.take(key, { token: 'a', lostAt })).toBeUndefined();
        expect(await store.release(early, { dueAt: noon, reason: 'paused' })).toBe(false);
        expect(await store.reopen(early)).toBe(false);
        expect(await found()).toEqual(seized);
        expect(await store.reopen(seized)).toBe(true);
      });

      it('[port: LaneStore] seizes no lane that is open, or parked anew', async () => {
        const lane = await park();
        await reopen(lane);
        expect(await store.seize(lane, { token: 'a', lostAt })).toBeUndefined();
        const anew = await park();
        expect(await store.seize(lane, { token: 'a', lostAt })).toBeUndefined();
        expect(await found()).toEqual(anew);
      });

      it('[port: LaneStore] lays the lane down until it is due, and its token is stale then', async () => {
        const lane = await park();
        const held = await seize(lane, 'a');
        const waiting = { dueAt: after(60 * minute), reason: 'circuit' as const };
        expect([await store.release(held, waiting), await store.release(held, waiting)]).toEqual([true, true]);
        expect(await found()).toEqual({ ...lane, ...waiting });
        expect(await store.take(key, { token: 'a', lostAt })).toBeUndefined();
        expect(await store.reopen(held)).toBe(false);
        await seize(lane, 'b');
        expect(await store.release(held, waiting)).toBe(false);
        expect(await found()).toMatchObject({ token: 'b', dueAt: lostAt });
      });

      it('[port: LaneStore] takes a token back from who gave it out, and no other', async () => {
        const { queue, group, epoch, dueAt, reason } = await park();
        const later = after(20 * minute);
        const out = { queue, group, epoch, token: 'a' };
        expect(await store.issue({ queue, group, epoch, dueAt }, { token: 'a', lostAt })).toBe(true);
        expect(await store.release({ ...out, token: 'b' }, { dueAt: later, reason })).toBe(false);
        expect(await store.release(out, { dueAt: later, reason })).toBe(true);
        expect(await store.release(out, { dueAt: later, reason })).toBe(true);
        expect(await store.take({ queue, group }, { token: 'a', lostAt })).toBeUndefined();
        expect(await store.issue({ queue, group, epoch, dueAt: later }, { token: 'c', lostAt })).toBe(true);
        expect(await store.release(out, { dueAt: later, reason })).toBe(false);
      });

      it('[port: LaneStore] opens a lane whose tail is where its holder saw it, and says the same again', async () => {
        const held = await seize(await park(), 'a');
        expect([await store.reopen(held), await store.reopen(held)]).toEqual([true, true]);
        expect(await store.find(key)).toBeUndefined();
        expect(await park()).toMatchObject({ tail: 1 });
        expect(await store.reopen(held)).toBe(false);
        expect(await found()).toMatchObject({ tail: 1 });
      });

      it('[port: LaneStore] does not open a lane whose tail moved, until its holder has seen that', async () => {
        const held = await seize(await park(), 'a');
        await append(held, message());
        expect(await store.reopen(held)).toBe(false);
        const again = given(await store.take(key, { token: 'a', lostAt }));
        expect(again).toMatchObject({ tail: 2 });
        expect(await idsIn(again, 1)).toHaveLength(1);
        expect(await store.reopen(again)).toBe(true);
      });
    });

    describe('what somebody else has written over', () => {
      const junk = new Uint8Array([0xff, 0x00, 0x7b]);

      it('[port: LaneStore] tells of a place that cannot be read, with what stands there, and reads those around it', async () => {
        let lane = await park();
        const messages = times(3, message);
        for (const one of messages) lane = await append(lane, one);
        await spoilPlace(lane, 1, junk);
        expect(await store.positions(lane, messages[0]!.delivery)).toEqual([1]);
        await spoilPlace(lane, 2, Buffer.from('{"v":2}'));
        expect(await store.read(lane, 1, 10)).toEqual([
          { position: 1, unreadable: expect.toSatisfy((bytes: Uint8Array) => Buffer.from(bytes).equals(junk)) },
          { position: 2, unreadable: expect.toSatisfy((bytes: Uint8Array) => Buffer.from(bytes).toString() === '{"v":2}') },
          { position: 3, message: messages[2] },
        ]);
        expect(await store.read(lane, 1, 1)).toHaveLength(1);
      });

      it('[port: LaneStore] takes such a place out like any other', async () => {
        const lane = await append(await park(), message());
        await spoilPlace(lane, 0, junk);
        await store.remove(lane, 0);
        expect((await store.read(lane, 0, 10)).map(({ position }) => position)).toEqual([1]);
      });

      it('[port: LaneStore] passes over a lane that cannot be read when it tells what is due, and names it among those that wait', async () => {
        const [good, bad, other] = [await park(), await park({ group: randomUUID() }), await park({ group: randomUUID() })];
        await spoilLane(bad);
        const due = await store.due(subscription, after(60 * minute), 10);
        expect(new Set(due.map(({ group }) => group))).toEqual(new Set([good.group, other.group]));
        expect(await store.waiting(subscription, 100)).toEqual({
          count: 3,
          oldestParkedAt: noon,
          unreadable: [expect.stringContaining(bad.group)],
          removals: [],
        });
        await spoilLane(await park({ group: randomUUID(), removal: true }));
        expect(await store.waiting(subscription, 100)).toMatchObject({ count: 4, removals: [] });
      });

      it('[port: LaneStore] takes for granted that a removal whose message cannot be read is owed since its lane was parked', async () => {
        let lane = await append(await park({ now: after(-minute) }), message(), true);
        await spoilPlace(lane, 1, junk);
        expect(await store.removalSince(lane)).toEqual(after(-minute));
        lane = await append(lane, at(after(-3 * minute)), true);
        expect(await store.removalSince(lane)).toEqual(after(-3 * minute));
        for (const position of [1, 2]) await store.remove(lane, position);
        expect(await store.removalSince(lane)).toBeUndefined();
      });
    });

    describe('what waits', () => {
      it('[port: LaneStore] counts all lanes, due or not, with a token out or none, and knows the oldest', async () => {
        expect(await store.waiting(subscription, 100)).toEqual({ count: 0, oldestParkedAt: undefined, unreadable: [], removals: [] }); // prettier-ignore
        await park({ dueAt: after(10_000 * minute) });
        await park({ group: randomUUID(), dueAt: noon, now: after(-7 * minute) });
        await seize(await park({ group: randomUUID(), now: after(-3 * minute) }), randomUUID());
        expect(await store.waiting(subscription, 100)).toEqual({ count: 3, oldestParkedAt: after(-7 * minute), unreadable: [], removals: [] }); // prettier-ignore
        expect(await store.waiting(subscriptionIdSchema.parse(`sub_${randomUUID().replaceAll('-', '').slice(0, 26)}`), 100)).toMatchObject({ count: 0 }); // prettier-ignore
      });

      it('[port: LaneStore] looks at as many as it is asked to, and at a few more at most', async () => {
        await Promise.all(times(60, () => park({ group: randomUUID() })));
        const { count } = await store.waiting(subscription, 16);
        expect(count).toBeGreaterThanOrEqual(10);
        expect(count).toBeLessThanOrEqual(16);
        expect((await store.waiting(subscription, 2_000)).count).toBe(60);
      });
    });

    describe('removals that wait', () => {
      const groupsWith = async (most = 100): Promise<Set<string>> =>
        new Set((await store.waiting(subscription, most)).removals.map(({ group }) => group));

      it('[port: LaneStore] names the lanes that a removal ever was in, due or not, with a token out or none, and no others', async () => {
        await park({ group: randomUUID() });
        const first = await park({ group: randomUUID(), removal: true, dueAt: after(10_000 * minute) });
        const later = await append(await append(await park({ group: randomUUID() }), message(), true), message());
        const held = await seize(await park({ group: randomUUID(), removal: true }), randomUUID());
        expect(await groupsWith()).toEqual(new Set([first.group, later.group, held.group]));
        await store.remove(first, 0);
        await reopen(held);
        expect(await groupsWith()).toEqual(new Set([first.group, later.group]));
        const { removals } = await store.waiting(subscription, 100);
        const all = await store.due(subscription, after(20_000 * minute), 100);
        expect(new Set(removals)).toEqual(new Set(all.filter(({ removalAt }) => removalAt >= 0)));
      });

      it('[port: LaneStore] names them also where they come behind those that are looked at', async () => {
        await Promise.all(times(60, () => park({ group: randomUUID(), dueAt: noon })));
        const behind = await Promise.all(times(8, () => park({ group: randomUUID(), removal: true, dueAt: after(minute) })));
        expect((await store.waiting(subscription, 16)).count).toBeLessThanOrEqual(16);
        expect(await groupsWith(16)).toEqual(new Set(behind.map(({ group }) => group)));
      });

      it('[port: LaneStore] names each once, and none where they are not looked for', async () => {
        const groups = await Promise.all(
          times(60, async (index) => (await park({ group: randomUUID(), removal: true, dueAt: after(index) })).group),
        );
        const { removals } = await store.waiting(subscription, 16);
        expect(removals.map(({ group }) => group).toSorted()).toEqual(groups.toSorted());
        const without = await store.waiting(subscription, 2_000, 'without-removals');
        expect([without.count, without.removals]).toEqual([60, []]);
      });

      it('[port: LaneStore] knows since when the oldest removal that stands in a lane is owed, whatever else is in it', async () => {
        let lane = await park({ message: at(after(-9 * minute)) });
        expect(await store.removalSince(lane)).toBeUndefined();
        for (const minutes of [5, 7, 3]) lane = await append(lane, at(after(-minutes * minute)), true);
        lane = await append(lane, at(after(-8 * minute)));
        expect(await store.removalSince(lane)).toEqual(after(-7 * minute));
        await store.remove(lane, 2);
        expect(await store.removalSince(lane)).toEqual(after(-5 * minute));
        await store.remove(lane, 3);
        expect(await store.removalSince(lane)).toEqual(after(-5 * minute));
        await store.remove(lane, 1);
        expect([await store.removalSince(lane), (await found()).removalAt]).toEqual([undefined, 3]);
      });

      it('[port: LaneStore] looks as far as the lane was seen, and at nothing that an earlier parking left', async () => {
        const seen = await park({ message: at(after(-2 * minute)), removal: true });
        await store.remove(seen, 0);
        const grown = await append(seen, at(after(-minute)), true);
        expect([await store.removalSince(seen), await store.removalSince(grown)]).toEqual([undefined, after(-minute)]);
        await reopen(grown);
        expect(await store.removalSince(await park({ message: at(noon), removal: true }))).toEqual(noon);
      });
    });

    describe('what is due', () => {
      const parkAt = async (dueAt: Date, given: Partial<ParkRequest> = {}): Promise<string> =>
        (await park({ group: randomUUID(), dueAt, ...given })).group;
      const groupsDue = async (before: Date, limit = 10_000): Promise<string[]> =>
        (await store.due(subscription, before, limit)).map(({ group }) => group);

      it('[port: LaneStore] lists the lanes of a subscription that are due longest first, at most as many as it is asked for', async () => {
        const groups = new Map<number, string>();
        for (const minutes of [7, 3, 19, 11, 1, 5, 17, 2, 13, 23, 29, 31]) groups.set(minutes, await parkAt(after(minutes * minute)));
        const inOrder = [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
        expect(await groupsDue(after(60 * minute))).toEqual(inOrder);
        expect(await groupsDue(after(60 * minute), 5)).toEqual(inOrder.slice(0, 5));
        expect(await groupsDue(after(60 * minute), 1)).toEqual(inOrder.slice(0, 1));
        expect(await groupsDue(after(11 * minute))).toEqual(inOrder.slice(0, 6));
      });

      it('[port: LaneStore] finds every one of many', async () => {
        const groups = await Promise.all(times(scaled(300, 90), (index) => parkAt(after(index))));
        expect(new Set(await groupsDue(after(minute)))).toEqual(new Set(groups));
        expect(await groupsDue(after(minute), 40)).toEqual(groups.slice(0, 40));
      });

      it('[port: LaneStore] counts a lane as due from the very millisecond', async () => {
        const group = await parkAt(after(minute));
        expect(await groupsDue(after(minute - 1))).toEqual([]);
        expect(await groupsDue(after(minute))).toEqual([group]);
      });

      it('[port: LaneStore] tells what a sweep needs to know of a lane', async () => {
        const { group, epoch } = await park({ reason: 'limit', dueAt: noon, now: after(-minute), queue: 'replayDeliveries' });
        expect(await store.due(subscription, noon, 10)).toEqual([
          { queue: 'replayDeliveries', group, epoch, reason: 'limit', removalAt: -1, dueAt: noon, parkedAt: after(-minute) },
        ]);
      });

      it('[port: LaneStore] has a lane whose token is out due when that counts as lost, and one laid down when it said', async () => {
        const lane = await park({ dueAt: noon });
        const held = await seize(lane, 'a');
        expect(await groupsDue(after(10 * minute - 1))).toEqual([]);
        expect(await store.due(subscription, lostAt, 10)).toMatchObject([{ group: lane.group, token: 'a', dueAt: lostAt }]);
        await store.release(held, { dueAt: after(30 * minute), reason: 'back-off' });
        expect(await groupsDue(after(30 * minute - 1))).toEqual([]);
        const [laidDown] = await store.due(subscription, after(30 * minute), 10);
        expect(laidDown).toMatchObject({ group: lane.group });
        expect(laidDown?.token).toBeUndefined();
      });

      it('[port: LaneStore] counts the lanes whose token is out, until it counts as lost, and no others', async () => {
        const released = (from: Date, until = after(60 * minute), most = 1_000) =>
          store.released(subscription, { after: from, until }, most);
        const held = await seize(await park(), 'a');
        await seize(await park({ group: randomUUID() }), 'b');
        await parkAt(after(10 * minute));
        expect(await released(noon)).toBe(2);
        expect([await released(after(10 * minute - 1)), await released(lostAt)]).toEqual([2, 0]);
        expect([await released(noon, lostAt), await released(noon, after(10 * minute - 1))]).toEqual([2, 0]);
        await store.release(held, { dueAt: after(5 * minute), reason: 'limit' });
        expect(await released(noon)).toBe(1);
        await reopen(await found());
        expect(await released(noon)).toBe(1);
        const many = times(30, () => park({ group: randomUUID() }).then((lane) => seize(lane, 'c')));
        await Promise.all(many);
        expect(await released(noon)).toBe(31);
        expect(await released(noon, lostAt, 8)).toBeGreaterThanOrEqual(8);
      });

      it('[port: LaneStore] knows whether a subscription has any lane parked, due or not', async () => {
        expect(await store.any(subscription)).toBe(false);
        const lane = await park({ dueAt: after(1_000 * minute) });
        expect(await store.any(subscription)).toBe(true);
        expect(await groupsDue(noon)).toEqual([]);
        expect(await store.any(subscriptionIdSchema.parse(`sub_${randomUUID().replaceAll('-', '').slice(0, 26)}`))).toBe(false);
        await reopen(lane);
        expect(await store.any(subscription)).toBe(false);
        expect(await groupsDue(after(2_000 * minute))).toEqual([]);
      });
    });
  });
}
