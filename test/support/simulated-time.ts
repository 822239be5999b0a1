import { setImmediate } from 'node:timers/promises';

interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

/** Time that passes by jumping from one event to the next: hours in milliseconds, and the same order in every run. */
export class SimulatedTime {
  nowMs: number;
  /** The latest first. */
  readonly #events: Event[] = [];

  constructor(start: Date) {
    this.nowMs = start.getTime();
  }

  after(ms: number, run: () => void): void {
    const atMs = this.nowMs + Math.max(0, ms);
    // Behind those of the same time, which were asked for earlier.
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.atMs ?? 0) >= atMs + 0) low = middle + 1;
      else high = middle;
    }
    while (low > 0 && this.#events[low - 1]?.atMs === atMs) low -= 1;
    this.#events.splice(low, 0, { atMs, run });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Lets everything happen that is due within `ms`, each event after the promises of the one before have settled. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await setImmediate();
    for (let next = this.#events.at(-1); next !== undefined && next.atMs <= endMs; next = this.#events.at(-1)) {
      this.#events.pop();
      this.nowMs = next.atMs;
      next.run();
      await setImmediate();
    }
    this.nowMs = endMs;
  }
}
