import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaled } from '../../../support/scale.ts';
import type { PlantedBug } from './planted-bug.ts';
import { plantedBugs } from './planted-bugs.ts';
import { runScript } from './run-script.ts';
import { scripts } from './script.ts';

/** Within so many scripts each is found, as many as CI plays; most of them in the first few. */
const numRuns = 1_000;

async function firstSight({ plant, seenAs }: PlantedBug): Promise<string | undefined> {
  let seen: string | undefined;
  const property = fc.asyncProperty(scripts, async (script) => {
    const broken = await runScript(script, plant).then(
      () => '',
      (error: unknown) => String(error).split('\n\n')[0] ?? '',
    );
    if (seenAs.test(broken)) seen = broken;
    return seen === undefined;
  });
  // One seed: what is asked here is whether the claims can see, and not whether chance is kind today.
  await fc.check(property, { numRuns, seed: 1, endOnFailure: true });
  return seen;
}

/** A few need a rare race, or a lane that is never released, and tens of seconds: those are for CI. The quick ones are of all four kinds. */
const patient = /time of its head|beside the schedule|tail|everybody|not found|open one|not marked|settled still|repeat|at once/;
const every = scaled(1, 0) === 1;

describe('a planted bug', () => {
  it.each(Object.entries(plantedBugs).filter(([name]) => every || !patient.test(name)))(
    'is found: %s',
    async (_, bug) => {
      expect(await firstSight(bug)).toMatch(bug.seenAs);
    },
    // The slowest takes a minute on a quiet machine.
    600_000,
  );
});
