/** Tries at most, and for how long: a slow input makes slow tries. */
const maxTries = 1_000;
const maxMs = 5_000;

/** Takes pieces out of the input, large ones first, for as long as `fails` stays true. */
export async function minimise(input: Uint8Array, fails: (candidate: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let smallest = Buffer.from(input);
  let tries = 0;
  const endMs = performance.now() + maxMs;
  for (let size = Math.ceil(smallest.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < smallest.length && tries < maxTries && performance.now() < endMs;) {
      const candidate = Buffer.concat([smallest.subarray(0, start), smallest.subarray(start + size)]);
      tries += 1;
      if (await fails(candidate)) smallest = candidate;
      else start += size;
    }
  }
  return smallest;
}
