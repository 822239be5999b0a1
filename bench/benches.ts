import type { Bench } from './bench.ts';
import { cold } from './cold.ts';
import { isolation } from './isolation.ts';
import { timing } from './timing.ts';

/** Every bench, in the order in which they are listed. A new one is a file of its own and a line here. */
export const benches: readonly Bench[] = [cold, isolation, timing];
