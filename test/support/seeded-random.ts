/** A repeatable source of numbers in [0, 1) for a 32-bit seed (mulberry32). The seed is printed by the tests that use it. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A seed for this run: RELAY_TEST_SEED repeats one that failed. */
export function runSeed(): number {
  const given = Number(process.env['RELAY_TEST_SEED']);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 0xffff_ffff) + 1;
}
