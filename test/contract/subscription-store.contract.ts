import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Subscription, SubscriptionStore } from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from '../lib/subscriptions/stored-subscription.ts';

export interface SubscriptionStoreUnderTest {
  readonly store: SubscriptionStore;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** What every store of subscriptions owes to the admin API, fan-out and deliver. */
export function subscriptionStoreContract(implementation: string, start: () => Promise<SubscriptionStoreUnderTest>): void {
  describe(`SubscriptionStore × ${implementation}`, () => {
    let subject: SubscriptionStoreUnderTest;
    let store: SubscriptionStore;
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

    it('[port: SubscriptionStore] sets a status and when, and leaves the rest', async () => {
      const subscription = storedSubscription(1);
      await store.create(subscription);
      await store.setStatus(subscription.id, 'disabled', new Date('2026-11-22T00:00:00.000Z'));
      const expected = { ...subscription, status: 'disabled', updatedAt: '2026-11-22T00:00:00.000Z' };
      expect(await store.find(subscription.id)).toEqual(expected);
      expect(await store.all()).toEqual([expected]);
    });

    it('[port: SubscriptionStore] does not bring a subscription into being by setting its status', async () => {
      await store.setStatus(storedSubscription(1).id, 'disabled', new Date());
      expect(await store.all()).toEqual([]);
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
