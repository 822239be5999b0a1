import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeInput } from '../../../scripts/fuzz/make-input.ts';
import { runFuzz, type TargetReport } from '../../../scripts/fuzz/run-fuzz.ts';
import type { Target } from '../../../scripts/fuzz/target.ts';
import { startTargets } from '../../../scripts/fuzz/targets.ts';
import { scaled } from '../../support/scale.ts';
import { runSeed } from '../../support/seeded-random.ts';

let targets: readonly Target[];
beforeAll(async () => {
  targets = await startTargets();
});
afterAll(async () => {
  for (const target of targets) await target.close?.();
});

const shown = (reports: readonly TargetReport[]): string[] =>
  reports.flatMap(({ failures }) =>
    failures.map(({ target, index, fault, detail, minimised }) =>
      [target, index, fault, detail.slice(0, 300), JSON.stringify(Buffer.from(minimised).toString('latin1').slice(0, 200))].join(' '),
    ),
  );

describe('every parser that meets bytes of others', () => {
  it('ends broken input in a way it is known for, in bounded time, and leaves the prototypes alone', async () => {
    const seed = runSeed();
    const inputs = scaled(60_000, 1_200);
    const reports = await runFuzz({ targets, seed, goesOn: (done) => done < inputs });
    expect(shown(reports), `seed ${seed}`).toEqual([]);
    expect(reports.reduce((sum, report) => sum + report.inputs, 0)).toBe(inputs);
  }, 300_000);

  it('takes its seeds as they are', async () => {
    for (const target of targets) {
      for (const seed of target.seeds) expect(target.outcomes, target.name).toContain(await target.run(seed));
    }
  });

  it('meets inputs that end well and inputs that do not', async () => {
    for (const target of targets) {
      const ends = new Set<string>();
      for (const seed of [...target.seeds, Buffer.from('{'), Buffer.alloc(0), Buffer.from('\u0000\u00ff')])
        ends.add(await target.run(seed));
      expect(ends.size, target.name).toBeGreaterThan(1);
    }
  });
});

describe('an input', () => {
  it('is the same for the same seed and number, and another for others', () => {
    for (const target of targets) {
      const [once, again, next] = [makeInput(target, 7, 3), makeInput(target, 7, 3), makeInput(target, 8, 3)];
      expect(Buffer.from(once).equals(again), target.name).toBe(true);
      const many = Array.from({ length: 50 }, (_, index) => Buffer.from(makeInput(target, 7, index)).toString('hex'));
      expect(new Set(many).size, target.name).toBeGreaterThan(30);
      expect(next.length).toBeLessThanOrEqual(64 * 1024);
    }
  });
});
