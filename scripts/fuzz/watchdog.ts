import { Worker } from 'node:worker_threads';

/** An input that is not through after this never will be: what is being run cannot be interrupted from its own thread. */
const hangMs = 30_000;

/**
 * Ends the process with what it was at, when an input does not come back: a pattern that backtracks for ever blocks the very
 * thread that would say so.
 */
export class Watchdog {
  /** Target and number of the input at hand; a count of inputs. */
  readonly #now = new Int32Array(new SharedArrayBuffer(12));
  readonly #worker: Worker;

  constructor(names: readonly string[], seed: number) {
    this.#worker = new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData: { now: this.#now, names, seed, hangMs } });
    this.#worker.unref();
  }

  at(targetIndex: number, inputIndex: number): void {
    Atomics.store(this.#now, 0, targetIndex);
    Atomics.store(this.#now, 1, inputIndex);
    Atomics.add(this.#now, 2, 1);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
