import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertySeed } from './property-seed.ts';

const seedOf = (parameters: { readonly seed?: number } = {}): number =>
  fc.check(
    fc.property(fc.nat(), () => true),
    { numRuns: 1, ...parameters },
  ).seed;

describe('the seed of properties', () => {
  it('is the same in each run unless one is asked for', () => {
    expect(propertySeed(undefined)).toBe(20_261_122);
    expect(propertySeed('')).toBe(20_261_122);
    expect(propertySeed('7')).toBe(7);
    expect(propertySeed('-7')).toBe(-7);
    expect(propertySeed('random')).toBeUndefined();
    expect(() => propertySeed('seven')).toThrow(/RELAY_TEST_SEED/);
  });

  it('is what each property begins with, and does not replace one of its own', () => {
    const everywhere = propertySeed(process.env['RELAY_TEST_SEED']);
    expect(seedOf({ seed: 5 })).toBe(5);
    if (everywhere === undefined) expect(fc.readConfigureGlobal().seed).toBeUndefined();
    else expect(seedOf()).toBe(everywhere);
  });
});
