import fc from 'fast-check';
import { describe, it } from 'vitest';
import { scaled } from '../../../support/scale.ts';
import { runScript } from './run-script.ts';
import { scripts } from './script.ts';

describe('delivering, whatever happens', () => {
  it('loses nothing, overtakes nothing, sends nothing stale and nothing twice, and leaves who is down alone', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, (script) => runScript(script)),
      { numRuns: scaled(1_000, 15) },
    );
  }, 900_000);
});
