import { isRelayError } from '../errors.ts';
import { errorClass } from './error-class.ts';
import { stackFrames } from './stack-frames.ts';

/**
 * One wide JSON line per invocation. Only what is named here can be written: an allow-list, so that no secret, header,
 * body, name or address reaches a log by accident.
 */
export interface Facts {
  requestId?: string;
  org?: string;
  outcome?: string;
  httpStatus?: number;
  events?: number;
  changes?: number;
  quarantined?: number;
  /** Changes that went to the spool because the log was away. */
  spooled?: number;
  records?: number;
  partitions?: number;
  failedPartitions?: number;
  deliveries?: number;
  delivered?: number;
  duplicates?: number;
  retried?: number;
  dead?: number;
  cancelled?: number;
  superseded?: number;
  handedBack?: number;
  /** Attempts that failed and will be repeated. */
  failing?: number;
  /** Messages whose deliveries went to wait outside the queue. */
  parked?: number;
  waits?: number;
  /** What a sweep went over and found. */
  subscriptions?: number;
  released?: number;
  probes?: number;
  operatorEvents?: number;
  recovered?: number;
  openCircuits?: number;
  dueLanes?: number;
  parkedLanes?: number;
  oldestRemovalSeconds?: number;
  /** Orgs that used to speak and have been silent for too long. */
  silentOrgs?: readonly string[];
  /** Okta's id of an event hook that nobody has confirmed to be the org's. */
  unconfirmedHook?: string;
  subscription?: string;
  replay?: string;
  reasons?: readonly string[];
  traceparent?: string;
  /** Trace ids of what came in a batch, the first twenty: `traceparent` without what is of one hop. */
  traces?: readonly string[];
  coldStart?: boolean;
}

export type WriteLine = (line: string) => void;
let write: WriteLine = (line) => void process.stdout.write(line + '\n');

/** Local mode sends the lines to a file instead of standard output. */
export function provideLogSink(sink: WriteLine): void {
  write = sink;
}

/** Writes a line of its own to wherever the wide lines go. */
export const writeLine: WriteLine = (line) => {
  write(line);
};

export type Level = 'info' | 'warn' | 'error';
const order: Record<Level, number> = { info: 0, warn: 1, error: 2 };

export class WideLine {
  readonly #functionName: string;
  readonly #least: Level;
  readonly #startedAtMs: number;
  readonly #facts: Facts = {};
  #level: Level = 'info';
  readonly #errors: object[] = [];
  readonly #codes: string[] = [];

  constructor(options: { functionName: string; level: Level; nowMs: number }) {
    this.#functionName = options.functionName;
    this.#least = options.level;
    this.#startedAtMs = options.nowMs;
  }

  note(facts: Facts): void {
    Object.assign(this.#facts, facts);
  }

  warn(): void {
    if (this.#level === 'info') this.#level = 'warn';
  }

  /** A RelayError is written with its code, message and facts; of any other error only its class and the place it came from. */
  failure(error: unknown): void {
    this.#level = 'error';
    this.#errors.push(describe(error));
    this.#codes.push(isRelayError(error) ? error.code : 'UNKNOWN');
  }

  /** The code of each failure so far; `UNKNOWN` for an error that is not ours. */
  get codes(): readonly string[] {
    return this.#codes;
  }

  end(nowMs: number): void {
    if (order[this.#level] < order[this.#least]) return;
    const errors = this.#errors.length > 0 ? { errors: this.#errors } : {};
    write(
      JSON.stringify({
        time: new Date(nowMs).toISOString(),
        level: this.#level,
        function: this.#functionName,
        durationMs: nowMs - this.#startedAtMs,
        ...this.#facts,
        ...errors,
      }),
    );
  }
}

function describe(error: unknown): object {
  if (isRelayError(error)) {
    return {
      code: error.code,
      message: error.message,
      facts: error.facts,
      cause: error.cause === undefined ? undefined : causeOf(error.cause),
    };
  }
  return { code: 'UNKNOWN', ...causeOf(error) };
}

/** Messages of foreign errors can hold what they were given; the class and the top stack frames cannot. */
function causeOf(error: unknown): { kind: string; at?: string[] } {
  return { kind: errorClass(error), ...(error instanceof Error ? { at: stackFrames(error) } : {}) };
}
