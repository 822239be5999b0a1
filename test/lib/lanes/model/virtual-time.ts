interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that stands still while anything runs, and jumps to what is due next: days of retries pass in milliseconds, the same way each time. */
export class VirtualTime {
  nowMs = Date.parse('2026-11-22T06:00:00.000Z');
  /** Soonest first; of the same instant, as they were asked for. */
  readonly #events: Event[] = [];

  /** Infinity: nothing is due. */
  get nextMs(): number {
    return this.#events[0]?.atMs ?? Infinity;
  }

  readonly now = (): Date => new Date(this.nowMs);

  at(atMs: number, run: () => void): void {
    const event = { atMs: Math.max(atMs, this.nowMs), run };
    this.#events.splice(this.#events.findLastIndex((other) => other.atMs <= event.atMs) + 1, 0, event);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.nowMs + ms, resolve);
    });
  }

  /** Goes to the next event and returns when all that follows from it waits again. */
  async step(): Promise<void> {
    const event = this.#events.shift();
    if (event === undefined) return;
    this.nowMs = event.atMs;
    event.run();
    await settled();
  }

  /** To an instant before the next event. */
  goTo(atMs: number): void {
    this.nowMs = Math.max(this.nowMs, atMs);
  }
}

/** Every promise that can go on has gone on: nothing here waits for anything outside the process. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** A whole number below `sides`, from a seed (mulberry32); seed 0 always answers 0, so that a script shrinks to one without chance. */
export function chanceOf(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    if (seed === 0) return 0;
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}
