import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendSpooled } from '#lib/intake/append-spooled.ts';
import { noon } from '../okta/authenticity-fixtures.ts';
import { scaled } from '../../support/scale.ts';
import { InMemoryQuarantine } from './in-memory-ports.ts';
import { SizeLimitedLog } from './size-limited-log.ts';
import { byKey, idsOf, recordOf } from './spool-records.ts';

const limitBytes = 1_000;
const message = fc.record({
  user: fc.constantFrom('ana', 'ben', 'cem'),
  /** Of each record's padding; a record has about 100 bytes more. */
  sizes: fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 1_500 })), { minLength: 1, maxLength: 8 }),
});

describe('appendSpooled onto a log that refuses large batches', () => {
  it('puts everything that fits by itself on the log, each key in order, and exactly the rest into quarantine', async () => {
    const seen = { apart: 0, quarantined: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 10 }), async (drawn) => {
        const log = new SizeLimitedLog(limitBytes);
        const quarantine = new InMemoryQuarantine();
        let next = 0;
        const messages = drawn.map(({ user, sizes }) => ({
          groupId: user,
          records: sizes.map((size) => recordOf(user, String(next++), { padding: 'x'.repeat(size) })),
        }));
        const all = messages.flatMap(({ records }) => records);
        const fitting = all.filter(({ value }) => value.byteLength <= limitBytes);
        const others = all.filter(({ value }) => value.byteLength > limitBytes);

        const report = await appendSpooled({ log, quarantine, now: () => noon, budgetMs: () => 10_000 }, messages);

        expect(report).toMatchObject({ records: fitting.length, quarantined: others.length, kept: [] });
        const firsts = Object.entries(byKey(log.records)).map(([key, ids]) => [key, [...new Set(ids)]]);
        expect(Object.fromEntries(firsts)).toEqual(byKey(fitting));
        expect([...quarantine.entries.values()].map(({ body }) => Buffer.from(body))).toEqual(
          expect.arrayContaining(others.map(({ value }) => value)),
        );
        expect(quarantine.entries.size).toBe(others.length);
        expect(idsOf(others).every((id) => !idsOf(log.records).includes(id))).toBe(true);
        seen.apart += report.errors.length;
        seen.quarantined += others.length;
      }),
      { numRuns: scaled(2_000, 300) },
    );
    // The generators reach the refusals; else the claim above would say little.
    expect(Math.min(seen.apart, seen.quarantined)).toBeGreaterThan(100);
  });
});
