import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../../../scripts/fuzz/dice.ts';
import { largeInput, makeInput } from '../../../scripts/fuzz/make-input.ts';
import { PollutionWatch } from '../../../scripts/fuzz/pollution.ts';
import { runFuzz, type TargetReport } from '../../../scripts/fuzz/run-fuzz.ts';
import type { Target } from '../../../scripts/fuzz/target.ts';
import { startTargets } from '../../../scripts/fuzz/targets.ts';
import { tryInput } from '../../../scripts/fuzz/try-input.ts';
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
    // A minute and a half on a quiet machine with full counts.
  }, 900_000);

  it('ends inputs as large as its door takes in the same ways', async () => {
    const seed = runSeed();
    const large = targets.flatMap((target) => (target.largestBytes === undefined ? [] : [{ target, largestBytes: target.largestBytes }]));
    expect(large.map(({ target }) => target.name)).toEqual(['hook-body', 'kafka-record', 'delivery-message', 'spool-message', 'replay-message']); // prettier-ignore
    for (const { target, largestBytes } of large) {
      for (let index = 0; index < scaled(200, 6); index += 1) {
        const input = largeInput(target, largestBytes, new Dice(`${seed}/large/${target.name}/${index}`));
        expect(input.byteLength).toBeLessThanOrEqual(largestBytes);
        expect(await tryInput(target, input, { watch: new PollutionWatch() }), `${target.name} ${seed} ${index}`).toMatchObject({ kind: 'ended' }); // prettier-ignore
      }
    }
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
      expect(next.length).toBeLessThanOrEqual(target.largestBytes ?? 64 * 1024);
    }
  });
});

it('makes a large input of one in a few hundred, where the target takes those', () => {
  const sizes = (largestBytes: number | undefined) => {
    const target = { name: 'x', shape: 'json', seeds: [Buffer.from('{"a":["b"]}')], words: [], ...(largestBytes === undefined ? {} : { largestBytes }) } as const; // prettier-ignore
    return Array.from({ length: 3_000 }, (_, index) => makeInput(target, 7, index).byteLength).filter((size) => size > 64 * 1_024);
  };
  expect(sizes(undefined)).toEqual([]);
  expect(sizes(1_048_576).length).toBeGreaterThan(3);
  expect(sizes(1_048_576).length).toBeLessThan(30);
});
