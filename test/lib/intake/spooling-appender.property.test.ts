import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import type { ChangeLog, ChangeRecord } from '#lib/intake/change-log.ts';
import { readSpoolMessage } from '#lib/intake/spool-message.ts';
import { spoolingAppender } from '#lib/intake/spooling-appender.ts';
import { TimeBudget } from '#lib/intake/time-budget.ts';
import { scaled } from '../../support/scale.ts';
import { InMemoryChangeSpool } from './spool-in-memory.ts';
import { byKey, idsOf, recordOf } from './spool-records.ts';

/** Requests that come at the same moment, and how log and spool are doing then. */
interface Burst {
  readonly waitMs: number;
  /** Users of each request's changes. */
  readonly requests: readonly (readonly string[])[];
  /** How many records the log takes of an append before it fails; undefined: all, without failing. */
  readonly logTakes: number | undefined;
  /** How many messages the spool takes in this burst before it fails; undefined: all. */
  readonly spoolTakes: number | undefined;
}

const takes = fc.oneof(fc.constant(undefined), fc.nat({ max: 3 }));
const burst: fc.Arbitrary<Burst> = fc.record({
  waitMs: fc.oneof(fc.nat({ max: 9_000 }), fc.constantFrom(0, 4_999, 5_000)),
  requests: fc.array(fc.array(fc.constantFrom('ana', 'ben', 'cem'), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  logTakes: takes,
  spoolTakes: takes,
});

/** A log and a spool that fail as the burst says, and a record of who was asked when. */
class World {
  nowMs = 1_000_000;
  burst: Burst | undefined;
  attemptsInBurst = 0;
  directUntilMs = -Infinity;
  hasFailed = false;
  /** Attempts that should not have been made. Noted, for what is thrown in an append is taken for a failure of the log. */
  tooSoon = 0;
  readonly logged: ChangeRecord[] = [];
  readonly spool = new InMemoryChangeSpool();
  readonly log: ChangeLog = {
    append: async (records) => {
      this.attemptsInBurst += 1;
      if (this.nowMs < this.directUntilMs) this.tooSoon += 1;
      const takes = this.burst?.logTakes;
      await Promise.resolve();
      this.logged.push(...records.slice(0, takes));
      if (takes === undefined) return;
      throw new RelayError('CHANGE_LOG_UNAVAILABLE', 'fails');
    },
  };
  get spooled(): ChangeRecord[] {
    return this.spool.messages.flatMap(({ body }) => {
      const read = readSpoolMessage(body);
      return read.kind === 'readable' ? [...read.records] : [];
    });
  }
}

describe('spoolingAppender under random failures of log and spool', () => {
  it('acknowledges only what one of them has, keeps the order of a key, and leaves a failed log alone but for one probe', async () => {
    const seen = { logged: 0, spooled: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 12 }), async (bursts) => {
        const world = new World();
        const now = () => new Date(world.nowMs);
        const appender = spoolingAppender({ log: world.log, spool: world.spool, now });
        let next = 0;
        for (const one of bursts) {
          world.nowMs += one.waitMs;
          world.burst = one;
          world.attemptsInBurst = 0;
          let left = one.spoolTakes ?? Infinity;
          world.spool.takes = () => left-- > 0;
          const wasDown = world.hasFailed;

          const before = idsOf(world.spooled).length;
          const requests = one.requests.map((users) => users.map((user) => recordOf(user, String(next++).padStart(6, '0'))));
          const budget = new TimeBudget({ endsAtMs: world.nowMs + 2_300, now });
          const outcomes = await Promise.allSettled(requests.map((records) => appender.append(records, budget)));

          const held = new Set([...idsOf(world.logged), ...idsOf(world.spooled)]);
          const spooledNow = byKey(world.spooled.slice(before));
          let spoolFailed = false;
          for (const [index, outcome] of outcomes.entries()) {
            // Requests of one moment have no order among themselves; the changes of each do, and so do bursts.
            for (const [key, ids] of Object.entries(byKey(requests[index] ?? []))) {
              const kept = (spooledNow[key] ?? []).filter((id) => ids.includes(id));
              expect(kept).toEqual(ids.slice(0, kept.length));
            }
            if (outcome.status === 'rejected') {
              seen.refused += 1;
              spoolFailed = true;
              expect(outcome.reason).toMatchObject({ code: 'CHANGE_SPOOL_UNAVAILABLE' });
              continue;
            }
            seen[outcome.value.kind] += 1;
            expect(idsOf(requests[index] ?? []).filter((id) => !held.has(id))).toEqual([]);
          }
          expect(world.tooSoon).toBe(0);
          if (wasDown) expect(world.attemptsInBurst).toBeLessThanOrEqual(1);
          if (wasDown && world.nowMs >= world.directUntilMs) expect(world.attemptsInBurst).toBe(1);
          if (world.attemptsInBurst > 0) {
            world.hasFailed = one.logTakes !== undefined;
            world.directUntilMs = world.hasFailed ? world.nowMs + 5_000 : -Infinity;
          }
          // With the spool away as well, the next one may try the log at once.
          if (spoolFailed) world.directUntilMs = -Infinity;
        }
      }),
      { numRuns: scaled(2_000, 400) },
    );
    // The generators reach every outcome; else the claim above would say little.
    expect(Math.min(seen.logged, seen.spooled, seen.refused)).toBeGreaterThan(50);
  });
});
