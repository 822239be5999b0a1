import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaled } from '../../support/scale.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { observe, type Scene } from './limited-instances.ts';

const crowd = {
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  instances: fc.integer({ min: 1, max: 6 }),
  callers: fc.integer({ min: 1, max: 8 }),
  concurrency: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
  deliveriesPerSecond: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  longestMs: fc.constantFrom(20, 300, 2_500, 15_000),
};
type Crowd = { -readonly [Name in keyof typeof crowd]: (typeof crowd)[Name] extends fc.Arbitrary<infer T> ? T : never };

const sceneOf = (
  { seed, instances, callers, concurrency, deliveriesPerSecond, longestMs }: Crowd,
  rest: Pick<Scene, 'latencyMs' | 'skewMs' | 'failing'>,
): Scene => ({
  limits: { ...(concurrency === undefined ? {} : { concurrency }), ...(deliveriesPerSecond === undefined ? {} : { deliveriesPerSecond }) },
  instances,
  callers,
  random: seededRandom(seed),
  durationMs: [5, longestMs],
  ...rest,
});

describe('limits over many instances', () => {
  it('hold exactly, rate and concurrency, while renewals arrive in time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(crowd), async (given) => {
        const seen = await observe(sceneOf(given, { latencyMs: [1, 60], skewMs: 50 }), 4);
        expect(seen.mostBusy).toBeLessThanOrEqual(given.concurrency ?? 10);
        expect(Math.max(0, ...seen.begunBySecond.values())).toBeLessThanOrEqual(given.deliveriesPerSecond ?? Infinity);
        expect(seen.begun).toBeGreaterThan(0);
      }),
      { numRuns: scaled(300, 25) },
    );
  });

  it('are exceeded by no more requests than were renewed late or not at all; the rate never', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(crowd), fc.integer({ min: 1, max: 450 }), async (given, latencyMs) => {
        const seen = await observe(sceneOf(given, { latencyMs: [1, latencyMs], skewMs: 100, failing: 0.2 }), 4);
        expect(seen.unexplained).toBeLessThanOrEqual(0);
        expect(Math.max(0, ...seen.begunBySecond.values())).toBeLessThanOrEqual(given.deliveriesPerSecond ?? Infinity);
      }),
      { numRuns: scaled(300, 25) },
    );
  });
});
