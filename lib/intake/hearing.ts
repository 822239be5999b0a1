import { isRelayError, type RelayError } from '../errors.ts';
import type { OrgId } from '../okta/org.ts';
import type { HeardOrgs } from './heard-orgs.ts';
import type { TimeBudget } from './time-budget.ts';

/** An environment notes an org once in this time. All orgs share a partition of the table, which takes a thousand writes a second. */
const keptMs = 10 * 60_000;
/** A store that failed is left alone this long: an org is missed after hours, not seconds. */
const restMs = 30_000;
/** How long a request waits for a note at most, beside its other work; its events do not depend on it. */
const patienceMs = 300;
/** Orgs remembered at most; only an org that has proved itself is. */
const maxKept = 5_000;

/** Notes that orgs speak, so that the silence of one is noticed (lib/orgs/silent-orgs.ts). */
export class Hearing {
  readonly #heard: HeardOrgs;
  readonly #nowMs: () => number;
  readonly #notedAtMs = new Map<OrgId, number>();
  #restUntilMs = 0;

  constructor(parts: { heard: HeardOrgs; now: () => Date }) {
    this.#heard = parts.heard;
    this.#nowMs = () => parts.now().getTime();
  }

  /** Answers why it could not be noted, if so. An outage is never thrown: the events do not depend on this. */
  async hear(org: OrgId, budget: TimeBudget): Promise<RelayError | undefined> {
    const nowMs = this.#nowMs();
    const notedAtMs = this.#notedAtMs.get(org);
    if (nowMs < this.#restUntilMs || (notedAtMs !== undefined && nowMs - notedAtMs < keptMs)) return undefined;
    try {
      await budget.withinAtMost(patienceMs, 'SENDER_STORE_UNAVAILABLE', () => this.#heard.hear({ org, at: new Date(nowMs) }));
      this.#keep(org, nowMs);
      return undefined;
    } catch (error) {
      if (!isRelayError(error, 'SENDER_STORE_UNAVAILABLE')) throw error;
      // What was accepted stays accepted; the failure goes to the log line, once in a while.
      this.#restUntilMs = nowMs + restMs;
      return error;
    }
  }

  #keep(org: OrgId, atMs: number): void {
    const [oldest] = this.#notedAtMs.size >= maxKept ? this.#notedAtMs.keys() : [];
    if (oldest !== undefined) this.#notedAtMs.delete(oldest);
    this.#notedAtMs.delete(org);
    this.#notedAtMs.set(org, atMs);
  }
}
