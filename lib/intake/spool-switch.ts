/** How long records go straight to the spool after the log failed. */
const directMs = 5_000;

/** Ends with one of the two, once. */
export interface LogAttempt {
  worked(): void;
  failed(): void;
}

/**
 * Says whether the log is worth trying. Once it has failed, nobody tries it for five seconds, and then one caller at a time
 * does, until it works: a request that waits for a dead log in vain has little time left for the spool.
 */
export class SpoolSwitch {
  readonly #nowMs: () => number;
  #failedAtMs: number | undefined;
  #probing = false;

  constructor(options: { now: () => Date }) {
    this.#nowMs = () => options.now().getTime();
  }

  /** An attempt to be made on the log now; undefined when the records belong in the spool without one. */
  tryLog(): LogAttempt | undefined {
    const failedAtMs = this.#failedAtMs;
    if (failedAtMs === undefined) return { worked: () => undefined, failed: () => this.#fail() };
    const elapsedMs = this.#nowMs() - failedAtMs;
    // A clock that was set back would keep the log from being tried for as long as it was set back by.
    const isDirect = elapsedMs >= 0 && elapsedMs < directMs;
    if (isDirect || this.#probing) return undefined;
    this.#probing = true;
    return {
      worked: () => {
        this.#probing = false;
        // An attempt from before the log went away may have failed meanwhile: its five seconds have only begun.
        if (this.#failedAtMs === failedAtMs) this.#failedAtMs = undefined;
      },
      failed: () => {
        this.#probing = false;
        this.#fail();
      },
    };
  }

  /** Leaving the log alone makes sense only while the spool takes the records: the next caller may try the log at once. */
  spoolFailed(): void {
    if (this.#failedAtMs !== undefined) this.#failedAtMs = -Infinity;
  }

  #fail(): void {
    this.#failedAtMs = this.#nowMs();
  }
}
