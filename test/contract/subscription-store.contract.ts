import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CircuitStore, Subscription, SubscriptionStore } from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from '../lib/subscriptions/stored-subscription.ts';

export interface SubscriptionStoreUnderTest {
  readonly store: SubscriptionStore & CircuitStore;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** What every store of subscriptions owes to the admin API, fan-out and deliver. */
export function subscriptionStoreContract(implementation: string, start: () => Promise<SubscriptionStoreUnderTest>): void {
  describe(`SubscriptionStore × ${implementation}`, () => {
    let subject: SubscriptionStoreUnderTest;
    let store: SubscriptionStoreUnderTest['store'];
    beforeAll(async () => {
      subject = await start();
      store = subject.store;
    });
    afterAll(() => subject.stop());
    beforeEach(() => subject.clear());

    const createAll = (subscriptions: Subscription[]) => Promise.all(subscriptions.map((subscription) => store.create(subscription)));
    const page = async (limit: number, cursor?: string) => {
      const answer = await store.list({ limit, cursor });
      if (answer.kind === 'bad-cursor') throw new Error('bad cursor');
      return answer;
    };

    it('[port: SubscriptionStore] knows nothing at first', async () => {
      expect(await store.all()).toEqual([]);
      expect(await store.find(storedSubscription(1).id)).toBeUndefined();
      expect(await store.list({ limit: 10 })).toEqual({ kind: 'page', data: [], nextCursor: null });
    });

    it('[port: SubscriptionStore] gives back what was created, with and without what is optional', async () => {
      const plain = storedSubscription(1);
      const full = storedSubscription(2, {
        orgs: ['acme' as never],
        filter: 'user.userName eq "ana \\"x\\" 😀"',
        name: 'Ünïcode 😀',
        ordering: 'none',
        stale: 'late',
        retrySeconds: [1, 60],
        limits: { deliveriesPerSecond: 5, concurrency: 3 },
        status: 'paused',
        pausedUntil: '2026-11-28T12:00:00.000Z',
        pausedSince: '2026-11-21T12:00:00.000Z',
        resumedAt: '2026-11-21T11:00:00.000Z',
        circuit: {
          ...{ since: '2026-11-21T12:00:00.000Z', probeAt: '2026-11-21T12:01:00.000Z', probes: 4 },
          removalProbedAt: '2026-11-21T12:00:30.000Z',
        },
        operatorEvents: [{ id: '00000000-0000-4000-8000-000000000001', kind: 'failing', at: '2026-11-21T12:00:00.000Z', reason: 'dns' }],
        recovery: { id: 'rec_1', status: 'done', since: '2026-11-20T12:00:00.000Z', until: '2026-11-21T12:00:00.000Z', redelivered: 7 },
      });
      await createAll([plain, full]);
      expect(await store.find(plain.id)).toEqual(plain);
      expect(await store.find(full.id)).toEqual(full);
      expect((await store.all()).toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([plain, full]);
    });

    it('[port: SubscriptionStore] does not write over another subscription with the same id', async () => {
      const first = storedSubscription(1);
      expect(await store.create(first)).toBe('created');
      expect(await store.create({ ...first, url: 'https://other.example.com/' })).toBe('exists');
      expect(await store.find(first.id)).toEqual(first);
    });

    it('[port: SubscriptionStore] takes the same subscription again: its answer may have been lost', async () => {
      const first = storedSubscription(1);
      await store.create(first);
      expect(await store.create(structuredClone(first))).toBe('created');
      expect(await store.all()).toEqual([first]);
    });

    it('[port: SubscriptionStore] lets one of many creators of an id through', async () => {
      const rivals = Array.from({ length: 10 }, (_, index) => storedSubscription(1, { name: `rival ${index}` }));
      const outcomes = await createAll(rivals);
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    });

    describe('of a status', () => {
      const one = storedSubscription(1);
      const at = new Date('2026-11-22T00:00:00.000Z');
      const updatedAt = at.toISOString();
      const event = { id: '00000000-0000-4000-8000-000000000001', kind: 'disabled', at: updatedAt, reason: 'gone' } as const;

      it('[port: SubscriptionStore] sets it and when, and leaves the rest', async () => {
        await store.create(one);
        expect(await store.setStatus(one.id, { status: 'disabled', from: ['active'], at })).toBe(true);
        expect(await store.find(one.id)).toEqual({ ...one, status: 'disabled', updatedAt });
        expect(await store.all()).toEqual([{ ...one, status: 'disabled', updatedAt }]);
      });

      it('[port: SubscriptionStore] sets it with why or until when and the event, and takes those away again', async () => {
        await store.create(one);
        await store.setStatus(one.id, { status: 'disabled', from: ['active'], at, disabledReason: 'gone', event });
        const disabled = { ...one, status: 'disabled', updatedAt, disabledReason: 'gone', operatorEvents: [event] };
        expect(await store.find(one.id)).toEqual(disabled);
        const pausedUntil = new Date('2026-11-23T00:00:00.000Z');
        const times = { pausedUntil, pausedSince: new Date('2026-11-21T00:00:00.000Z') };
        await store.setStatus(one.id, { status: 'paused', from: ['disabled'], at: new Date(at.getTime() + 1), ...times });
        const pause = { pausedUntil: pausedUntil.toISOString(), pausedSince: '2026-11-21T00:00:00.000Z' };
        const paused = { ...one, status: 'paused', ...pause, operatorEvents: [event] };
        expect(await store.find(one.id)).toEqual({ ...paused, updatedAt: '2026-11-22T00:00:00.001Z' });
        await store.setStatus(one.id, { status: 'active', from: ['paused'], at: new Date(at.getTime() + 2) });
        expect(await store.find(one.id)).toEqual({ ...one, operatorEvents: [event], updatedAt: '2026-11-22T00:00:00.002Z' });
      });

      it('[port: SubscriptionStore] keeps when it was resumed through its circuit and its owner’s changes, until it moves again', async () => {
        await store.create(one);
        await store.setStatus(one.id, { status: 'active', from: ['active'], at, resumedAt: at });
        const resumed: Subscription = { ...one, updatedAt, resumedAt: at.toISOString() };
        expect(await store.find(one.id)).toEqual(resumed);
        await store.open(one.id, { at, probeAt: at, event });
        await store.close(one.id, { since: at.toISOString(), event });
        await store.change(resumed, { name: 'another', at });
        expect(await store.find(one.id)).toMatchObject({ name: 'another', resumedAt: at.toISOString() });
        await store.setStatus(one.id, { status: 'paused', from: ['active'], at });
        expect(await store.find(one.id)).not.toHaveProperty('resumedAt');
      });

      it('[port: SubscriptionStore] leaves one alone that is in none of the statuses it was to leave', async () => {
        await store.create(one);
        expect(await store.setStatus(one.id, { status: 'active', from: ['paused', 'disabled'], at, event })).toBe(false);
        expect(await store.setStatus(one.id, { status: 'disabled', from: [], at })).toBe(false);
        expect(await store.find(one.id)).toEqual(one);
      });

      it('[port: SubscriptionStore] lets one of many that want the same move make it', async () => {
        await store.create(one);
        const moves = Array.from({ length: 8 }, (_, number) => ({ ...event, id: `00000000-0000-4000-8000-00000000001${number}` }));
        const made = await Promise.all(
          moves.map((told) => store.setStatus(one.id, { status: 'disabled', from: ['active'], at, event: told })),
        );
        expect(made.filter(Boolean)).toHaveLength(1);
        expect((await store.find(one.id))?.operatorEvents).toHaveLength(1);
      });

      it('[port: SubscriptionStore] disables for a circuit only while that circuit is open', async () => {
        await store.create(storedSubscription(1, { circuit: { since: updatedAt, probeAt: updatedAt, probes: 3 } }));
        const giveUp = { status: 'disabled', from: ['active'], at, disabledReason: 'failing' } as const;
        expect(await store.setStatus(one.id, { ...giveUp, whileOpenSince: '2026-11-20T00:00:00.000Z' })).toBe(false);
        expect(await store.setStatus(one.id, { ...giveUp, whileOpenSince: updatedAt })).toBe(true);
        expect(await store.find(one.id)).toEqual({ ...one, status: 'disabled', disabledReason: 'failing', updatedAt });
      });

      it('[port: SubscriptionStore] disables what was seen only while nobody has changed it since', async () => {
        await store.create(one);
        const { updatedAt: seenAt } = one;
        await store.change(one, { url: 'https://repaired.example.com/identity', at: new Date(Date.parse(seenAt) + 1) });
        const gone = { status: 'disabled', from: ['active'], at: new Date(Date.parse(seenAt) + 10), disabledReason: 'gone' } as const;
        expect(await store.setStatus(one.id, { ...gone, whileUpdatedAt: seenAt })).toBe(false);
        const changed = await store.find(one.id);
        expect(changed).toMatchObject({ status: 'active', url: 'https://repaired.example.com/identity' });
        expect(await store.setStatus(one.id, { ...gone, whileUpdatedAt: changed?.updatedAt ?? '' })).toBe(true);
      });

      it('[port: SubscriptionStore] disables what was seen also by a clock that is behind', async () => {
        await store.create(storedSubscription(1, { updatedAt: '2026-11-22T00:00:05.000Z' }));
        const gone = { status: 'disabled', from: ['active'], at } as const;
        expect(await store.setStatus(one.id, { ...gone, whileUpdatedAt: '2026-11-22T00:00:05.000Z' })).toBe(true);
      });

      it('[port: SubscriptionStore] does not turn the time of the update back for a clock that is behind', async () => {
        await store.create(storedSubscription(1, { updatedAt: '2026-11-22T00:00:05.000Z' }));
        expect(await store.setStatus(one.id, { status: 'paused', from: ['active'], at })).toBe(true);
        expect(await store.find(one.id)).toEqual({ ...one, status: 'paused', updatedAt: '2026-11-22T00:00:05.000Z' });
      });

      it('[port: SubscriptionStore] does not bring a subscription into being by setting its status', async () => {
        expect(await store.setStatus(one.id, { status: 'disabled', from: ['active'], at })).toBe(false);
        expect(await store.all()).toEqual([]);
      });
    });

    describe('of what its owner changes', () => {
      const at = new Date('2026-11-22T00:00:00.000Z');
      const updatedAt = at.toISOString();
      const full = storedSubscription(1, {
        orgs: ['acme' as never],
        filter: 'user.active eq true',
        retrySeconds: [1, 2],
        limits: { concurrency: 2 },
        stale: 'late',
        circuit: { since: updatedAt, probeAt: updatedAt, probes: 1 },
        recovery: { id: 'rec_1', status: 'running', since: updatedAt, until: updatedAt, redelivered: 3 },
      });

      it('[port: SubscriptionStore] changes what is named and leaves the rest', async () => {
        await store.create(full);
        expect(await store.change(full, { at, name: 'New', url: 'https://new.example.com/', limits: { deliveriesPerSecond: 5 } })).toBe(
          'changed',
        );
        const expected = { ...full, name: 'New', url: 'https://new.example.com/', limits: { deliveriesPerSecond: 5 }, updatedAt };
        expect(await store.find(full.id)).toEqual(expected);
      });

      it('[port: SubscriptionStore] takes away what is null', async () => {
        await store.create(full);
        await store.change(full, { at, orgs: null, filter: null, retrySeconds: null, limits: null });
        const { orgs, filter, retrySeconds, limits, ...left } = full;
        expect(await store.find(full.id)).toEqual({ ...left, updatedAt });
      });

      it('[port: SubscriptionStore] lets one of many that saw the same change it, also within a millisecond', async () => {
        await store.create(full);
        const names = Array.from({ length: 8 }, (_, index) => `name ${index}`);
        const outcomes = await Promise.all(names.map((name) => store.change(full, { at: new Date(full.updatedAt), name })));
        expect(outcomes.filter((outcome) => outcome === 'changed')).toHaveLength(1);
        expect((await store.find(full.id))?.name).toBe(names[outcomes.indexOf('changed')]);
        expect((await store.find(full.id))?.updatedAt).toBe(new Date(Date.parse(full.updatedAt) + 1).toISOString());
      });

      it('[port: SubscriptionStore] puts other signing secrets in place of all it had, with what is told of them', async () => {
        await store.create(full);
        const [first] = full.signingSecrets;
        if (first === undefined) throw new Error('a subscription has a secret');
        const signingSecrets = [
          { ...first, createdAt: updatedAt, publicKey: 'AAAA' },
          { ...first, expiresAt: '2026-11-23T00:00:00.000Z' },
        ];
        expect(await store.change(full, { at, signingSecrets })).toBe('changed');
        expect(await store.find(full.id)).toEqual({ ...full, signingSecrets, updatedAt });
      });

      it('[port: SubscriptionStore] loses no secret of the one of many rotations that is let through', async () => {
        await store.create(full);
        const rotations = Array.from({ length: 6 }, (_, index) => [
          ...full.signingSecrets.map((secret) => ({ ...secret, publicKey: `key ${index}` })),
          ...full.signingSecrets,
        ]);
        const outcomes = await Promise.all(rotations.map((signingSecrets) => store.change(full, { at, signingSecrets })));
        expect(outcomes.filter((outcome) => outcome === 'changed')).toHaveLength(1);
        expect((await store.find(full.id))?.signingSecrets).toEqual(rotations[outcomes.indexOf('changed')]);
      });

      it('[port: SubscriptionStore] changes and takes away what is sent of a change', async () => {
        await store.create(storedSubscription(2, { format: 'minimal' }));
        expect((await store.find(storedSubscription(2).id))?.format).toBe('minimal');
        await store.create(full);
        await store.change(full, { at, attributes: ['user.userName'] });
        const changed = await store.find(full.id);
        expect(changed).toEqual({ ...full, attributes: ['user.userName'], updatedAt });
        if (changed !== undefined) await store.change(changed, { at, attributes: null });
        expect(await store.find(full.id)).toEqual({ ...full, updatedAt: '2026-11-22T00:00:00.001Z' });
      });

      it('[port: SubscriptionStore] conflicts with a status that moved since, and then leaves everything alone', async () => {
        await store.create(full);
        await store.setStatus(full.id, { status: 'disabled', from: ['active'], at });
        const before = await store.find(full.id);
        expect(await store.change(full, { at, name: 'New' })).toBe('conflict');
        expect(await store.find(full.id)).toEqual(before);
      });

      it('[port: SubscriptionStore] is not in the way of circuits, and they are not in its', async () => {
        await store.create(storedSubscription(1));
        const seen = await store.find(full.id);
        if (seen === undefined) throw new Error('not found');
        const event = { id: '00000000-0000-4000-8000-000000000001', kind: 'failing', at: updatedAt } as const;
        await store.open(full.id, { at, probeAt: at, event });
        expect(await store.change(seen, { at, name: 'New' })).toBe('changed');
        expect(await store.find(full.id)).toMatchObject({ name: 'New', circuit: { since: updatedAt }, operatorEvents: [event] });
      });

      it('[port: SubscriptionStore] conflicts with a deletion and with what is not there', async () => {
        expect(await store.change(full, { at, name: 'New' })).toBe('conflict');
        const deleted = storedSubscription(1, { status: 'deleted' });
        await store.create(deleted);
        expect(await store.change(deleted, { at, name: 'New' })).toBe('conflict');
        expect(await store.all()).toEqual([deleted]);
      });
    });

    describe('of a recovery', () => {
      const one = storedSubscription(1);
      const [since, until] = ['2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'];
      const recovery = { id: 'rec_1', status: 'running', since, until, redelivered: 0 } as const;
      const stored = async () => (await store.find(one.id))?.recovery;

      it('[port: SubscriptionStore] begins one of many', async () => {
        await store.create(one);
        const begun = await Promise.all(
          [1, 2, 3, 4].map((n) => store.setRecovery(one.id, { seen: undefined, recovery: { ...recovery, id: `rec_${n}` } })),
        );
        expect(begun.filter(Boolean)).toHaveLength(1);
        expect((await stored())?.id).toBe(`rec_${begun.indexOf(true) + 1}`);
      });

      it('[port: SubscriptionStore] advances the one that was seen, from the cursor that was seen', async () => {
        await store.create(one);
        await store.setRecovery(one.id, { seen: undefined, recovery });
        const further = { ...recovery, redelivered: 5, unreadable: 2, cursor: 'a' };
        expect(await store.setRecovery(one.id, { seen: recovery, recovery: further })).toBe(true);
        expect(await store.setRecovery(one.id, { seen: recovery, recovery: { ...further, redelivered: 6 } })).toBe(false);
        expect(await store.setRecovery(one.id, { seen: { ...further, id: 'rec_2' }, recovery: further })).toBe(false);
        expect(await store.setRecovery(one.id, { seen: { ...further, cursor: 'b' }, recovery: further })).toBe(false);
        expect(await stored()).toEqual(further);
        const done = { ...recovery, status: 'done', redelivered: 9 } as const;
        expect(await store.setRecovery(one.id, { seen: further, recovery: done })).toBe(true);
        expect(await stored()).toEqual(done);
      });

      it('[port: SubscriptionStore] begins another when the last is done, and not before', async () => {
        await store.create(one);
        const [running, next] = [{ ...recovery }, { ...recovery, id: 'rec_2' }];
        await store.setRecovery(one.id, { seen: undefined, recovery: running });
        expect(await store.setRecovery(one.id, { seen: undefined, recovery: next })).toBe(false);
        await store.setRecovery(one.id, { seen: running, recovery: { ...running, status: 'done' } });
        expect(await store.setRecovery(one.id, { seen: undefined, recovery: next })).toBe(true);
        expect(await stored()).toEqual(next);
      });

      it('[port: SubscriptionStore] ends one that is cancelled, though its cursor is the one that was seen, and begins another', async () => {
        await store.create(one);
        await store.setRecovery(one.id, { seen: undefined, recovery });
        const cancelled = { ...recovery, status: 'cancelled' } as const;
        expect(await store.setRecovery(one.id, { seen: recovery, recovery: cancelled })).toBe(true);
        expect(await store.setRecovery(one.id, { seen: recovery, recovery: { ...recovery, redelivered: 5, cursor: 'a' } })).toBe(false);
        expect(await stored()).toEqual(cancelled);
        expect(await store.setRecovery(one.id, { seen: undefined, recovery: { ...recovery, id: 'rec_2' } })).toBe(true);
      });

      it('[port: SubscriptionStore] has none for what is deleted or not there', async () => {
        expect(await store.setRecovery(one.id, { seen: undefined, recovery })).toBe(false);
        await store.create(storedSubscription(1, { status: 'deleted' }));
        expect(await store.setRecovery(one.id, { seen: undefined, recovery })).toBe(false);
        expect(await stored()).toBeUndefined();
      });
    });

    it('[port: SubscriptionStore] purges what is deleted, and nothing else', async () => {
      await createAll([storedSubscription(1), storedSubscription(2, { status: 'deleted' }), storedSubscription(3, { status: 'disabled' })]);
      for (const number of [1, 2, 3, 4]) await store.purge(storedSubscription(number).id);
      expect((await store.all()).map(({ id }) => id).toSorted()).toEqual([storedSubscription(1).id, storedSubscription(3).id]);
    });

    it('[port: SubscriptionStore] lists none that is deleted, in full pages all the same', async () => {
      const nine = Array.from({ length: 9 }, (_, n) => storedSubscription(n, { status: n >= 2 && n <= 6 ? 'deleted' : 'active' }));
      await createAll(nine);
      const first = await page(3);
      expect(first.data.map(({ id }) => id)).toEqual([8, 7, 1].map((number) => storedSubscription(number).id));
      const second = await page(3, first.nextCursor ?? '');
      expect(second).toMatchObject({ data: [storedSubscription(0)], nextCursor: null });
      expect(await store.all()).toHaveLength(9);
      expect(await store.find(storedSubscription(2).id)).toEqual(nine[2]);
    });

    it.each([1, 2, 3, 7, 8])('[port: SubscriptionStore] lists newest first in pages of %i, each subscription once', async (limit) => {
      const seven = Array.from({ length: 7 }, (_, number) => storedSubscription(number));
      await createAll(seven);
      const seen: Subscription[] = [];
      let pages = 0;
      for (let cursor: string | undefined; ; pages += 1) {
        const { data, nextCursor } = await page(limit, cursor);
        expect(data.length).toBeLessThanOrEqual(limit);
        seen.push(...data);
        if (nextCursor === null) break;
        cursor = nextCursor;
      }
      expect(seen).toEqual(seven.toReversed());
      expect(pages + 1).toBe(Math.ceil(7 / limit));
    });

    it('[port: SubscriptionStore] goes on where it was, also when something was created in between', async () => {
      await createAll([storedSubscription(1), storedSubscription(2), storedSubscription(3)]);
      const first = await page(2);
      await store.create(storedSubscription(4));
      expect((await page(2, first.nextCursor ?? '')).data).toEqual([storedSubscription(1)]);
    });

    it('[port: SubscriptionStore] reads all of them when they are many and large', async () => {
      const types = Array.from({ length: 50 }, (_, index) => `okta.${'x'.repeat(190)}${index}`);
      const many = Array.from({ length: 150 }, (_, number) => storedSubscription(number, { types }));
      await createAll(many);
      expect((await store.all()).map(({ id }) => id).toSorted()).toEqual(many.map(({ id }) => id));
    });

    it.each([
      '',
      'x',
      '%',
      'W10',
      'e30',
      'bnVsbA',
      Buffer.from('["subscriptions","sub_"]').toString('base64url'),
      Buffer.from('["subscriptions"]').toString('base64url'),
      'A'.repeat(5_000),
    ])('[port: SubscriptionStore] calls %j a bad cursor', async (cursor) => {
      expect(await store.list({ limit: 10, cursor })).toEqual({ kind: 'bad-cursor' });
    });
  });
}
