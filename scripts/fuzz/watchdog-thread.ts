/** The other thread of watchdog.ts. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { now, names, seed, hangMs } = workerData as { now: Int32Array; names: readonly string[]; seed: number; hangMs: number };
let before = -1;

setInterval(() => {
  const count = Atomics.load(now, 2);
  if (count === before) {
    const [target, index] = [names[Atomics.load(now, 0)], Atomics.load(now, 1)];
    // console.error goes through the thread that hangs.
    writeSync(2, `no end: npm run fuzz -- --target ${target} --seed ${seed} --index ${index}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
  before = count;
}, hangMs);
