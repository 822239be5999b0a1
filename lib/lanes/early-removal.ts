import type { MessageRemoval } from '../delivery/delivery-queue.ts';

/**
 * Lambda deletes what a batch has done when the whole batch has ended, and SQS hands out nothing more of a lane until then. So
 * one silent endpoint would hold up, for its whole timeout, the lanes that happened to share its batch. Past `patienceMs`
 * what is final is taken out of the queue at once; a batch that ends before that costs no request. Lambda's own delete of the same
 * message later does nothing.
 */
export class EarlyRemoval {
  readonly #queue: MessageRemoval;
  readonly #waiting: string[] = [];
  readonly #removals: Promise<void>[] = [];
  readonly #timer: NodeJS.Timeout;
  #impatient = false;

  constructor(queue: MessageRemoval, patienceMs: number) {
    this.#queue = queue;
    this.#timer = setTimeout(() => {
      this.#impatient = true;
      for (const receiptHandle of this.#waiting.splice(0)) this.#remove(receiptHandle);
    }, patienceMs);
  }

  /** The message is final. */
  done(receiptHandle: string): void {
    if (this.#impatient) this.#remove(receiptHandle);
    else this.#waiting.push(receiptHandle);
  }

  /** Waits for what it began, so that nothing goes on in a frozen environment. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#removals);
  }

  #remove(receiptHandle: string): void {
    // A removal that fails is made up for by Lambda's own at the end of the batch.
    this.#removals.push(this.#queue.remove(receiptHandle).catch(() => undefined));
  }
}
