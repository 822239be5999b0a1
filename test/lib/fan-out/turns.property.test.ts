import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns } from '#lib/fan-out/turns.ts';
import { scaled } from '../../support/scale.ts';
import { loopCount } from './loop-count.ts';

/** For each worker how long it is busy elsewhere before each of its turns, in rounds of the event loop. */
const workers = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }), { minLength: 1, maxLength: 6 });

describe('Turns', () => {
  it('are given in the order of asking, one while the event loop goes round once, to everybody', async () => {
    await fc.assert(
      fc.asyncProperty(workers, async (delays) => {
        const turns = new Turns();
        const asked: string[] = [];
        const given: { who: string; round: number }[] = [];
        await Promise.all(
          delays.map(async (rounds, worker) => {
            for (const [turn, busy] of rounds.entries()) {
              for (let round = 0; round < busy; round += 1) await setImmediate();
              const who = `${worker}.${turn}`;
              asked.push(who);
              await turns.next();
              given.push({ who, round: loopCount() });
            }
          }),
        );
        expect(given.map(({ who }) => who)).toEqual(asked);
        expect(new Set(given.map(({ round }) => round)).size).toBe(delays.flat().length);
      }),
      { numRuns: scaled(1_000, 100) },
    );
  });
});
