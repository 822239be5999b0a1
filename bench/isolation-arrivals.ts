interface Sent {
  readonly atMs: number;
  readonly isNext: boolean;
}

/** What was sent, and when it came to each of those who were to get it. A webhook that comes once more is no other one. Times are of `performance.now()`. */
export class Arrivals {
  readonly #sent = new Map<string, Sent>();
  readonly #came = new Set<string>();
  readonly #subscribers: number;
  /** From being sent to the first arrival, for each pair of change and subscriber. */
  readonly latenciesMs: number[] = [];
  /** Those among them of changes that were their person's next. */
  readonly nextLatenciesMs: number[] = [];
  #repeats = 0;

  constructor(subscribers: number) {
    this.#subscribers = subscribers;
  }

  sent(id: string, sent: Sent): void {
    this.#sent.set(id, sent);
  }

  /** Of anything that was not told of, like the changes before the measuring, nothing is noted. */
  came(subscriber: number, id: string, atMs: number): void {
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    const pair = `${subscriber} ${id}`;
    if (this.#came.has(pair)) {
      this.#repeats += 1;
      return;
    }
    this.#came.add(pair);
    const latencyMs = atMs - sent.atMs;
    this.latenciesMs.push(latencyMs);
    if (sent.isNext) this.nextLatenciesMs.push(latencyMs);
  }

  /** Pairs that are still to come. */
  get missing(): number {
    return this.#sent.size * this.#subscribers - this.#came.size;
  }

  /** Webhooks that had come to the same subscriber before. */
  get repeats(): number {
    return this.#repeats;
  }
}
