import type { Org, OrgId } from '../okta/org.ts';
import type { OrgStore } from './org-store.ts';

/** A changed org is seen after this long at the latest; sooner when a secret does not match (`fresh`). */
const keptMs = 60_000;
/**
 * A read, or a failed try, this young is not repeated: a flood of wrong secrets costs one read a second, environment and org that it
 * names. One that makes up a name each time costs a read each time.
 */
const minRereadMs = 1_000;
/** While the store is unreachable an org read this long ago still counts: longer than most outages, shorter than a leaked secret may live. */
const staleMs = 15 * 60_000;
/** How long a request waits for the store when there is an older answer to go on with; the rest of its time belongs to the log. */
const patienceMs = 300;
/** Orgs that exist, and names that do not, apart: a sender who tries a million names must not push real orgs out. */
const maxKnown = 5_000;
const maxUnknown = 1_000;

interface Entry {
  readonly org: Org | undefined;
  readonly readAtMs: number;
}

/** Keeps a warm environment from reading the org for every request, and known orgs working through an outage of the store. */
export class CachedOrgStore implements OrgStore {
  readonly #store: OrgStore;
  readonly #nowMs: () => number;
  readonly #known = new Map<OrgId, Entry>();
  readonly #unknown = new Map<OrgId, Entry>();
  readonly #failures = new Map<OrgId, { readonly atMs: number; readonly error: unknown }>();
  readonly #underWay = new Map<OrgId, { readonly reading: Promise<Org | undefined>; readonly sinceMs: number }>();

  constructor(store: OrgStore, options: { now: () => Date }) {
    this.#store = store;
    this.#nowMs = () => options.now().getTime();
  }

  /** @throws RelayError ORG_STORE_UNAVAILABLE when there is no answer young enough for what is asked. */
  async find(id: OrgId, { fresh = false }: { fresh?: boolean } = {}): Promise<Org | undefined> {
    const entry = this.#known.get(id) ?? this.#unknown.get(id);
    const ageMs = entry === undefined ? Infinity : this.#nowMs() - entry.readAtMs;
    const maxAgeMs = fresh || entry?.org === undefined ? minRereadMs : keptMs;
    if (entry !== undefined && ageMs < maxAgeMs) return entry.org;

    const failure = this.#failures.get(id);
    const triedJustNow = failure !== undefined && this.#nowMs() - failure.atMs < minRereadMs;
    const usable = fresh || entry?.org === undefined || ageMs >= staleMs ? undefined : entry.org;
    if (usable === undefined) {
      if (triedJustNow) throw failure.error;
      return this.#read(id);
    }
    return triedJustNow ? usable : orElse(this.#read(id), usable);
  }

  /** One read for all who ask at the same time. An older one may have been frozen along with the environment, and is not waited for. */
  #read(id: OrgId): Promise<Org | undefined> {
    const sinceMs = this.#nowMs();
    const underWay = this.#underWay.get(id);
    if (underWay !== undefined && sinceMs - underWay.sinceMs < minRereadMs) return underWay.reading;
    const reading = this.#readNow(id).finally(() => {
      if (this.#underWay.get(id)?.reading === reading) this.#underWay.delete(id);
    });
    this.#underWay.set(id, { reading, sinceMs });
    return reading;
  }

  async #readNow(id: OrgId): Promise<Org | undefined> {
    try {
      const org = await this.#store.find(id, { fresh: true });
      this.#failures.delete(id);
      this.#known.delete(id);
      this.#unknown.delete(id);
      const [map, max] = org === undefined ? [this.#unknown, maxUnknown] : [this.#known, maxKnown];
      setBounded(map, id, { org, readAtMs: this.#nowMs() }, max);
      return org;
    } catch (error) {
      setBounded(this.#failures, id, { atMs: this.#nowMs(), error }, maxUnknown);
      throw error;
    }
  }
}

/** Drops the oldest to make room. */
function setBounded<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number): void {
  map.delete(key);
  const [oldest] = map.size >= max ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

async function orElse(reading: Promise<Org | undefined>, usable: Org): Promise<Org | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<Org>((resolve) => {
    timer = setTimeout(() => resolve(usable), patienceMs);
  });
  try {
    return await Promise.race([reading, patience]);
  } catch {
    // The store is away and the older answer is still good; the failure is kept, and thrown to whoever asks for a fresh one.
    return usable;
  } finally {
    clearTimeout(timer);
  }
}
