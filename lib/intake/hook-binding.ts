import { isRelayError, type RelayError } from '../errors.ts';
import type { Org, OrgId } from '../okta/org.ts';
import type { OrgStore } from './org-store.ts';
import type { SeenHooks } from './seen-hooks.ts';

/** A hook this environment has noted is noted again after this long, so that one that an operator had removed comes back to his list. */
const keptMs = 10 * 60_000;
/** A store that failed is left alone this long: noting is worth no more. */
const restMs = 30_000;
/** How long a request waits for a note or a newer org at most; its events do not depend on it. */
const patienceMs = 500;
/** Hooks remembered at most. Okta allows 25 for an org; a sender with the secret can invent more. */
const maxKept = 2_000;

export type HookStanding = 'known' | 'unconfirmed';
export interface HookSighting {
  readonly standing: HookStanding;
  /** Why it could not be noted, if so. */
  readonly unnoted?: RelayError;
}

/**
 * Tells the org's own event hooks from others. A hook is known when an operator has confirmed it or, while none is confirmed, when it was
 * the first that the org's events named.
 */
export class HookBinding {
  readonly #orgs: OrgStore;
  readonly #seen: SeenHooks;
  readonly #nowMs: () => number;
  readonly #noted = new Map<string, { readonly first: string; readonly atMs: number }>();
  #restUntilMs = 0;

  constructor(parts: { orgs: OrgStore; seen: SeenHooks; now: () => Date }) {
    this.#orgs = parts.orgs;
    this.#seen = parts.seen;
    this.#nowMs = () => parts.now().getTime();
  }

  /** Whether a body of this hook is kept aside instead of read. `withinMs`: time that the request has left. */
  async isKeptAside(org: Org, hook: string | undefined, withinMs: number): Promise<boolean> {
    return wouldKeepAside(org, hook) && wouldKeepAside(await this.newest(org, withinMs), hook);
  }

  /**
   * The org as it is by now: a warm environment's view may be a minute old, and a host or hook added meanwhile is no reason to keep a body
   * aside. What is known already while the store is away: what is kept aside is not lost, and a request that is not answered may be.
   */
  async newest(org: Org, withinMs: number): Promise<Org> {
    try {
      return (await inTime(this.#orgs.find(org.id, { fresh: true }), withinMs)) ?? org;
    } catch (error) {
      if (!isRelayError(error, 'ORG_STORE_UNAVAILABLE')) throw error;
      return org;
    }
  }

  /** Notes a hook and says what it is. An outage is part of the answer and never thrown: the events do not depend on this. */
  async sight(org: Org, hook: string, withinMs: number): Promise<HookSighting> {
    const confirmed = org.hooks?.confirmed ?? [];
    const noted = await this.#note(org.id, hook, withinMs);
    const isKnown = confirmed.length > 0 ? confirmed.includes(hook) : noted.first === undefined || noted.first === hook;
    return { standing: isKnown ? 'known' : 'unconfirmed', ...(noted.unnoted === undefined ? {} : { unnoted: noted.unnoted }) };
  }

  async #note(org: OrgId, hook: string, withinMs: number): Promise<{ readonly first?: string; readonly unnoted?: RelayError }> {
    const nowMs = this.#nowMs();
    const name = `${org}/${hook}`;
    const kept = this.#noted.get(name);
    if (kept !== undefined && nowMs - kept.atMs < keptMs) return kept;
    if (nowMs < this.#restUntilMs) return {};
    try {
      const answer = await inTime(this.#seen.note({ org, hook, at: new Date(nowMs) }), withinMs);
      if (answer === undefined) this.#restUntilMs = nowMs + restMs;
      else this.#keep(name, { first: answer.first, atMs: nowMs });
      return answer ?? {};
    } catch (error) {
      if (!isRelayError(error)) throw error;
      // The events are safe and more important than the note; the failure goes to the log line, once in a while.
      this.#restUntilMs = nowMs + restMs;
      return { unnoted: error };
    }
  }

  #keep(name: string, noted: { first: string; atMs: number }): void {
    const [oldest] = this.#noted.size >= maxKept ? this.#noted.keys() : [];
    if (oldest !== undefined) this.#noted.delete(oldest);
    this.#noted.delete(name);
    this.#noted.set(name, noted);
  }
}

function wouldKeepAside({ hooks }: Org, hook: string | undefined): boolean {
  return hooks?.others === 'quarantine' && (hook === undefined || !hooks.confirmed.includes(hook));
}

/** Undefined when the time is up. Work that comes too late goes on unheard: all of it may be done twice. */
async function inTime<T>(work: Promise<T>, withinMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.min(patienceMs, withinMs));
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
