import { DeadlinePassed, monotonicMs } from './deadline.ts';

/** Records that are written together, and when the last of those who wait for them stops waiting (see monotonicMs). */
export type WriteGroup<R> = (records: readonly R[], endsAtMs: number) => Promise<void>;

interface Append {
  over: boolean;
  partsLeft: number;
  readonly endsAtMs: number;
  resolve(): void;
  reject(error: unknown): void;
}
interface Part<R> {
  readonly records: readonly R[];
  readonly bytes: number;
  readonly append: Append;
}

/**
 * Writes one group of records at a time, in the order they came, and puts together what came while the last group was being
 * written. An append that is larger than a group goes out in several. One whose time is over is told so at once, and what of
 * it was not yet begun never is.
 */
export class AppendQueue<R> {
  readonly #options: { readonly maxGroupBytes: number; readonly bytesOf: (record: R) => number; readonly write: WriteGroup<R> };
  readonly #waiting: Part<R>[] = [];
  #writing = false;

  constructor(options: { readonly maxGroupBytes: number; readonly bytesOf: (record: R) => number; readonly write: WriteGroup<R> }) {
    this.#options = options;
  }

  /** @throws what `write` threw, or DeadlinePassed. */
  async append(records: readonly R[], budgetMs: number): Promise<void> {
    if (records.length === 0) return;
    if (budgetMs <= 0) throw new DeadlinePassed('There was no time left');
    const parts = this.#cut(records);
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const append: Append = { over: false, partsLeft: parts.length, endsAtMs: monotonicMs() + budgetMs, resolve, reject };
        timer = setTimeout(() => end(append, new DeadlinePassed(`Not written within ${Math.round(budgetMs)} ms`)), Math.max(0, budgetMs));
        this.#waiting.push(...parts.map((part) => ({ ...part, append })));
        void this.#drain();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #cut(records: readonly R[]): { records: R[]; bytes: number }[] {
    const parts: { records: R[]; bytes: number }[] = [];
    for (const record of records) {
      const bytes = this.#options.bytesOf(record);
      const last = parts.at(-1);
      if (last === undefined || last.bytes + bytes > this.#options.maxGroupBytes) parts.push({ records: [record], bytes });
      else {
        last.records.push(record);
        last.bytes += bytes;
      }
    }
    return parts;
  }

  async #drain(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    for (let group = this.#nextGroup(); group.length > 0; group = this.#nextGroup()) {
      try {
        await this.#options.write(
          group.flatMap((part) => part.records),
          Math.max(...group.map((part) => part.append.endsAtMs)),
        );
        for (const { append } of group) if (--append.partsLeft === 0) append.resolve();
      } catch (error) {
        for (const { append } of group) end(append, error);
      }
    }
    this.#writing = false;
  }

  #nextGroup(): Part<R>[] {
    const group: Part<R>[] = [];
    let bytes = 0;
    for (let part = this.#waiting[0]; part !== undefined; part = this.#waiting[0]) {
      if (group.length > 0 && bytes + part.bytes > this.#options.maxGroupBytes) break;
      this.#waiting.shift();
      if (part.append.over) continue;
      group.push(part);
      bytes += part.bytes;
    }
    return group;
  }
}

function end(append: Append, error: unknown): void {
  append.over = true;
  append.reject(error);
}
