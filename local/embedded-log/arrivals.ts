/** Tells those who wait that something new has come. Nobody asks in a loop. */
export class Arrivals {
  #count = 0;
  #waiting = Promise.withResolvers<undefined>();

  get count(): number {
    return this.#count;
  }

  announce(): void {
    this.#count += 1;
    const { resolve } = this.#waiting;
    this.#waiting = Promise.withResolvers<undefined>();
    resolve(undefined);
  }

  /** Resolves when more has come than `seen`, or after `limitMs`. */
  async since(seen: number, limitMs: number): Promise<void> {
    if (this.#count !== seen) return;
    let timer: NodeJS.Timeout | undefined;
    // setTimeout's largest delay; longer ones would end at once.
    const wait = new Promise((resolve) => (timer = setTimeout(resolve, Math.min(limitMs, 2 ** 31 - 1))));
    await Promise.race([this.#waiting.promise, wait]);
    clearTimeout(timer);
  }
}
