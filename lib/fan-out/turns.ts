import { setImmediate } from 'node:timers/promises';

/**
 * Who keeps the thread to himself waits for his turn first: one at a time, in the order of asking, and before each turn the event loop has gone round,
 * so that answers which have come meanwhile are read before their time limits are looked at once more.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  next(): Promise<unknown> {
    this.#last = this.#last.then(() => setImmediate());
    return this.#last;
  }
}
