import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliver } from '#lib/delivery/deliver.ts';
import { RelayError } from '#lib/errors.ts';
import { scaled } from '../../support/scale.ts';
import { answered, DeliverHarness, received } from './deliver-harness.ts';
import { deliveryMessage } from './delivery-message.ts';

const hour = 3_600_000;

/** What happens to the attempts of a run, in turn; once used up, all is well. */
const event = fc.oneof(
  fc.constantFrom(200, 204, 302, 400, 404, 408, 429, 500, 503).map((status) => ({ kind: 'answer' as const, status })),
  fc.constant({ kind: 'cut' as const }),
  fc.constant({ kind: 'store-down' as const }),
  fc.constant({ kind: 'record-lost' as const }),
);
const scenario = fc.record({
  // Positions in the queue: which lane each message is in, and which change it carries (repeats are duplicates).
  queue: fc.array(fc.record({ lane: fc.integer({ min: 0, max: 3 }), change: fc.integer({ min: 0, max: 7 }) }), {
    minLength: 1,
    maxLength: 20,
  }),
  events: fc.array(event, { maxLength: 40 }),
  batchSize: fc.integer({ min: 1, max: 10 }),
});

describe('delivering, whatever happens', () => {
  it('keeps each lane in order, sends nothing after its success, and settles or keeps every message', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ queue, events, batchSize }) => {
        const harness = new DeliverHarness();
        const coming = events.values();
        const succeeded = new Set<string>();
        const log: { readonly lane: string; readonly position: number }[] = [];
        const recordLost = new Set<string>();
        let next = coming.next();
        const parts = harness.parts();
        const store: typeof parts.store = {
          claim: (request) => {
            if (next.value?.kind !== 'store-down') return harness.store.claim(request);
            next = coming.next();
            return Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down'));
          },
          settle: (settlement) => {
            if (recordLost.delete(settlement.id)) return Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down'));
            if (settlement.status === 'delivered') succeeded.add(settlement.id);
            return harness.store.settle(settlement);
          },
          list: (query) => harness.store.list(query),
        };
        let waiting = queue.map(({ lane, change }, position) => {
          const message = deliveryMessage({ change: `lane-${lane}-change-${change}` });
          return { position, lane: `lane-${lane}`, id: message.delivery, message: received(String(position), `lane-${lane}`, message) };
        });
        const firstOf = new Map(waiting.toReversed().map(({ id, lane, position }) => [id, { lane, position }]));
        harness.answer = ({ headers }) => {
          const message = deliveryMessage({ change: headers['webhook-id'] ?? '' });
          expect(succeeded).not.toContain(message.delivery);
          log.push(firstOf.get(message.delivery) ?? { lane: '?', position: -1 });
          const happening = next.value;
          if (happening?.kind !== 'store-down') next = coming.next();
          if (happening?.kind === 'answer') return answered(happening.status);
          if (happening?.kind === 'cut') return { kind: 'failed', error: 'connection-reset', detail: '', latencyMs: 1 };
          if (happening?.kind === 'record-lost') recordLost.add(message.delivery);
          return answered(200);
        };

        for (let round = 0; waiting.length > 0; round += 1) {
          expect(round).toBeLessThan(400);
          const batch = waiting.slice(0, batchSize);
          const { failures } = await deliver(
            { ...parts, store },
            batch.map(({ message }) => message),
            () => 60_000,
          );
          const failed = new Set(failures);
          for (const { lane, position } of batch.filter(({ message }) => failed.has(message.messageId))) {
            // In its lane, nothing behind a message that is still owed was settled.
            for (const behind of batch.filter((other) => other.lane === lane && other.position > position))
              expect(failed).toContain(behind.message.messageId);
          }
          for (const { id, message } of batch)
            if (!failed.has(message.messageId)) expect(['delivered', 'dead']).toContain(harness.store.rows.get(id)?.status);
          waiting = waiting.filter(({ message }) => !batch.some((one) => one.message === message) || failed.has(message.messageId));
          harness.nowMs += 25 * hour;
        }

        for (const lane of new Set(log.map((entry) => entry.lane))) {
          const positions = log.filter((entry) => entry.lane === lane).map(({ position }) => position);
          // No attempt of a message comes before the last attempt of one that was ahead of it.
          expect(positions).toEqual(positions.toSorted((a, b) => a - b));
        }
        expect([...harness.store.rows.values()].filter(({ status }) => status === 'pending')).toEqual([]);
      }),
      { numRuns: scaled(2_000, 300) },
    );
  });
});
