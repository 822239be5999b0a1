import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliver } from '#lib/delivery/deliver.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { Passage } from '#lib/delivery/stale-guard.ts';
import { RelayError } from '#lib/errors.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { scaled } from '../../support/scale.ts';
import { answered, DeliverHarness, received } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from './delivery-message.ts';

const hour = 3_600_000;
const badgesId = storedSubscription(2).id;
const people = ['00uana', '00uben'];
const parts = ['status', 'lock', 'groups/00g1'];

/** A change by who, what and when it is about; `at` is also its offset, so that every one has a place of its own in time. */
const change = fc.record({
  subscription: fc.constantFrom(payrollId, badgesId),
  person: fc.constantFrom(...people),
  part: fc.constantFrom(...parts),
  at: fc.integer({ min: 0, max: 9 }),
});
type Given = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What the subscriber and our stores do next; once used up, all is well. */
const mishap = fc.constantFrom('503', '400', 'reset', 'enter-down', 'leave-down', 'record-down', 'well', 'well', 'well');
const scenario = fc.record({
  // In the order of their arrival: any permutation, any repeats.
  queue: fc.array(change, { minLength: 1, maxLength: 25 }),
  mishaps: fc.array(mishap, { maxLength: 40 }),
  // By person, as lanes are; or each message by itself, as with ordering `none` and in replays.
  groups: fc.constantFrom('lanes', 'alone'),
  batchSize: fc.integer({ min: 1, max: 10 }),
  pauseMs: fc.constantFrom(1_000, 40_000, 25 * hour),
});

const stateKeyOf = ({ person, part }: Given): string => `users/${person}/${part}`;
const sequenceOf = ({ at }: Given): string => `179526590000${at}-${String(at).padStart(19, '0')}`;
const messageOf = (given: Given): DeliveryMessage =>
  deliveryMessage({
    change: `${stateKeyOf(given)}-${given.at}`,
    user: given.person,
    subscription: given.subscription,
    type: 'identity.user.updated',
    stateKey: stateKeyOf(given),
    sequence: sequenceOf(given),
  });

describe('what a subscriber is told of a state, in whatever order, how often and with whatever failures it comes', () => {
  it('only moves forward, ends with the newest, and leaves out nothing but what is stale', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ queue, mishaps, groups, batchSize, pauseMs }) => {
        const harness = new DeliverHarness();
        harness.subscriptions.set(badgesId, storedSubscription(2, { id: badgesId }));
        const acknowledged = new Map<string, string[]>();
        /** Attempts whose outcome the guard was never told. */
        const unheard: Passage[] = [];
        const resets: { readonly list: string; readonly sequence: string }[] = [];
        const coming = mishaps.values();
        const next = (): string => coming.next().value ?? 'well';
        let upcoming = next();
        const take = (kind: string): boolean => {
          if (upcoming !== kind) return false;
          upcoming = next();
          return true;
        };
        const failing = async <T>(kind: string, work: () => Promise<T>): Promise<T> => {
          if (take(kind)) throw new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down');
          return work();
        };
        const real = harness.parts();
        const guarded: typeof real = {
          ...real,
          guard: {
            look: (...of) => real.guard.look(...of),
            enter: (passage) => failing('enter-down', () => real.guard.enter(passage)),
            leave: async (passage, end) => {
              if (upcoming === 'leave-down') unheard.push(passage);
              await failing('leave-down', () => real.guard.leave(passage, end));
            },
          },
          store: {
            claim: (request) => real.store.claim(request),
            list: (query) => real.store.list(query),
            settle: (settlement) => failing('record-down', () => real.store.settle(settlement)),
          },
          sender: {
            async send(request) {
              const { statekey = '', sequence } = JSON.parse(Buffer.from(request.body).toString()) as DeliveryMessage['change'];
              // Time for another group to overtake, were it not for the guard.
              await Promise.resolve();
              if (take('503')) return answered(503);
              if (take('400')) return answered(400);
              const list = `${request.url} ${statekey}`;
              // The answer is lost; every other time the receiver has applied the change all the same.
              if (take('reset')) {
                resets.push({ list, sequence });
                if (resets.length % 2 === 0) acknowledged.set(list, [...(acknowledged.get(list) ?? []), sequence]);
                return { kind: 'failed', error: 'connection-reset', detail: '', latencyMs: 1 };
              }
              take('well');
              acknowledged.set(list, [...(acknowledged.get(list) ?? []), sequence]);
              return answered(200);
            },
          },
        };
        harness.subscriptions.set(badgesId, { ...storedSubscription(2, { id: badgesId }), url: 'https://badges.example.com/hooks' });

        let waiting = queue.map((given, position) => {
          const group = groups === 'lanes' ? `${given.subscription} ${given.person}` : String(position);
          return received(String(position), group, messageOf(given));
        });
        for (let round = 0; waiting.length > 0; round += 1) {
          expect(round).toBeLessThan(1_000);
          const batch = waiting.slice(0, batchSize);
          const { failures } = await deliver(guarded, batch, () => 60_000);
          const failed = new Set(failures);
          const [settled, owed] = [batch.filter(({ messageId }) => !failed.has(messageId)), batch.filter(({ messageId }) => failed.has(messageId))]; // prettier-ignore
          waiting = waiting.filter((message) => !settled.includes(message));
          // Alone, what must wait may be overtaken by everything else; in its lane it keeps its place.
          if (groups === 'alone') waiting = [...waiting.filter((message) => !owed.includes(message)), ...owed];
          // Longer and longer, for the late waits of the retry schedule.
          harness.nowMs += pauseMs * 2 ** Math.min(round, 16);
        }

        const rows = [...harness.store.rows.values()];
        expect(rows.filter(({ status }) => !['delivered', 'superseded', 'dead'].includes(status))).toEqual([]);
        for (const given of queue) {
          const { url } = harness.subscriptions.get(given.subscription) ?? { url: '' };
          const told = acknowledged.get(`${url} ${stateKeyOf(given)}`) ?? [];
          // Only moves forward.
          expect(told).toEqual(told.toSorted());
          const status = harness.store.rows.get(messageOf(given).delivery)?.status;
          const same = queue.filter((other) => other.subscription === given.subscription && stateKeyOf(other) === stateKeyOf(given));
          const newest = same.map(sequenceOf).toSorted().at(-1) ?? '';
          // Ends with the newest, unless that one was refused for good.
          if (sequenceOf(given) === newest && status === 'delivered') expect(told.at(-1)).toBe(newest);
          if (sequenceOf(given) === newest) expect(status).not.toBe('superseded');
          // Nothing is left out that was not overtaken by what the subscriber acknowledged, or may have.
          const inDoubt = unheard.filter(
            ({ subscription, stateKey }) => subscription === given.subscription && stateKey === stateKeyOf(given),
          );
          const lost = resets.filter(({ list }) => list === `${url} ${stateKeyOf(given)}`).map(({ sequence }) => sequence);
          if (status === 'superseded')
            expect([...told, ...inDoubt.map(({ sequence }) => sequence), ...lost].some((sequence) => sequence > sequenceOf(given))).toBe(
              true,
            );
          if (status === 'delivered') expect(told).toContain(sequenceOf(given));
        }
      }),
      { numRuns: scaled(3_000, 400) },
    );
  });
});
