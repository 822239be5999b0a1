import { RelayError, type ErrorCode } from '../errors.ts';

/** What is left of the time an answer may take. */
export class TimeBudget {
  readonly #endsAtMs: number;
  readonly #now: () => Date;

  constructor(options: { endsAtMs: number; now: () => Date }) {
    this.#endsAtMs = options.endsAtMs;
    this.#now = options.now;
  }

  remainingMs(): number {
    return Math.max(0, this.#endsAtMs - this.#now().getTime());
  }

  /**
   * Answers what `work` answers, unless the time is up first. Work that comes too late goes on unheard: all of it may be
   * done twice.
   * @throws RelayError with `code` when the time is up.
   */
  async within<T>(code: ErrorCode, work: () => Promise<T>): Promise<T> {
    return this.withinAtMost(Infinity, code, work);
  }

  /** The same in `atMostMs`, or what is left if that is less. */
  async withinAtMost<T>(atMostMs: number, code: ErrorCode, work: () => Promise<T>): Promise<T> {
    const remainingMs = Math.min(atMostMs, this.remainingMs());
    if (remainingMs === 0) throw tooLate(code);
    let timer: NodeJS.Timeout | undefined;
    const end = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(tooLate(code)), remainingMs);
    });
    try {
      return await Promise.race([work(), end]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function tooLate(code: ErrorCode): RelayError {
  return new RelayError(code, 'No answer in the time that was left', { facts: { reason: 'out-of-time' } });
}
