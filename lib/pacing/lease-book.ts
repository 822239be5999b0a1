import type { Lease, Leased, LeaseRequest } from './limit-store.ts';

export interface Caps {
  readonly places: number;
  /** Undefined: attempts are not counted. */
  readonly tokens: number | undefined;
}

/** What the next attempt lacks. */
export type Lack =
  | { readonly kind: 'nothing' }
  | ({ readonly kind: 'lease'; readonly second: number } & LeaseRequest)
  | { readonly kind: 'full'; readonly retryMs: number };

/** Requests under way that have no place in a second, and get one there whatever the cap says. */
export interface Carry {
  readonly second: number;
  readonly places: number;
}

interface Second {
  places: number;
  /** Left of those leased. */
  tokens: number;
  /** Attempts begun. */
  begun: number;
  /** Of what there is no more in the store. */
  readonly exhausted: Set<keyof Leased>;
  /** What was under way at the turn has its places, or it was tried. */
  carried: boolean;
}

const secondMs = 1_000;
/** Places come free whenever a request ends, which costs nothing to look for; tokens come with the next second. */
const placeRetryMs = 200;
/** Places asked for on top of what is needed, as a share of the cap: few writes, and little that lies idle here while it is missed elsewhere. */
const headroomShare = 0.1;
/** Tokens asked for at a time, as a share of what was begun in this second or, at its start, in the one before: the others get to ask in between. */
const tokenShare = 0.5;

/** What one instance has leased of one subscription's limits, and what it does with it. Knows no store and no timer. */
export class LeaseBook {
  /** Requests under way. */
  busy = 0;
  /** Calls that want to begin one, the one that asks included. */
  waiting = 0;
  /** Places that all instances together have taken too many, as the last renewal told: not used again here when their requests end. */
  #debt = 0;
  readonly #renewMs: number;
  readonly #seconds = new Map<number, Second>();

  /** @param renewMs how long before the end of a second what is under way takes its places in the next */
  constructor(renewMs: number) {
    this.#renewMs = renewMs;
  }

  /** What an attempt begun now would lack. Near the end of a second it needs a place in the next one as well, for it will hardly end before. */
  lack(nowMs: number, caps: Caps): Lack {
    const { second, untilNextMs } = at(nowMs);
    const current = this.#second(second);
    const retryMs = Math.min(placeRetryMs, untilNextMs);
    if (this.busy >= caps.places) return { kind: 'full', retryMs };
    const lacksToken = caps.tokens !== undefined && current.tokens < 1;
    if (this.#debt > 0 && this.busy >= current.places - this.#debt) return { kind: 'full', retryMs };
    const lacksPlace = this.busy >= current.places;
    if (lacksToken && current.exhausted.has('tokens')) return { kind: 'full', retryMs: untilNextMs };
    if (lacksPlace && current.exhausted.has('places')) return { kind: 'full', retryMs };
    if (lacksPlace || lacksToken) {
      return { kind: 'lease', second, ...this.#requestFor(second, caps) };
    }
    if (untilNextMs > this.#renewMs) return { kind: 'nothing' };
    const next = this.#second(second + 1);
    if (this.busy < next.places) return { kind: 'nothing' };
    if (next.exhausted.has('places')) return { kind: 'full', retryMs };
    // Never more than are held now: so all instances together ask for no more than all hold, and nobody's renewal finds its places gone.
    const places = Math.min(current.places, this.busy + this.waiting) - next.places;
    return { kind: 'lease', second: second + 1, want: { places, tokens: 0 }, caps: { places: caps.places, tokens: 0 } };
  }

  /** Notes what the store gave. */
  leased(second: number, given: Lease): void {
    const lease = this.#seconds.get(second);
    // That second is over, and what was leased of it with it.
    if (lease === undefined) return;
    lease.places += given.places;
    lease.tokens += given.tokens;
    for (const kind of given.lacking) lease.exhausted.add(kind);
  }

  begin(nowMs: number): void {
    const current = this.#second(at(nowMs).second);
    this.busy += 1;
    this.waiting -= 1;
    current.begun += 1;
    current.tokens = Math.max(0, current.tokens - 1);
  }

  /** What is to be carried now, noted as carried already; `dropped` takes a note back. In time it is the next second's, late it is this one's. */
  carries(nowMs: number): Carry[] {
    const { second, untilNextMs } = at(nowMs);
    const seconds = untilNextMs > this.#renewMs ? [second] : [second, second + 1];
    return seconds.flatMap((of) => {
      const lease = this.#second(of);
      const places = this.busy - lease.places;
      if (lease.carried || places <= 0) {
        // Nothing is under way that lacks a place there, so what comes later asks for its own.
        lease.carried ||= of > second;
        return [];
      }
      lease.carried = true;
      lease.places += places;
      return [{ second: of, places }];
    });
  }

  end(): void {
    this.busy -= 1;
    if (this.busy === 0) this.#payDebt();
  }

  /** A renewal arrived, as the last of `taken` places: what is beyond the cap was late, here or elsewhere. */
  renewed(taken: number, cap: number): void {
    this.#debt = Math.max(0, taken - cap);
    if (this.busy === 0) this.#payDebt();
  }

  /** The store did not take it. What begins in that second leases what is missing. */
  dropped({ second, places }: Carry): void {
    const lease = this.#seconds.get(second);
    if (lease !== undefined) lease.places = Math.max(0, lease.places - places);
  }

  /** Nothing of ours is under way: our places are what was too many, and are given up with the debt. */
  #payDebt(): void {
    if (this.#debt === 0) return;
    this.#debt = 0;
    for (const lease of this.#seconds.values()) lease.places = 0;
  }

  #requestFor(second: number, { places, tokens }: Caps): LeaseRequest {
    const current = this.#second(second);
    const missing = Math.max(0, this.busy + this.waiting - current.places);
    const headroom = Math.floor(places * headroomShare);
    const wantPlaces = missing === 0 ? 0 : Math.min(missing + headroom, Math.max(1, places - current.places));
    if (tokens === undefined) return { want: { places: wantPlaces, tokens: 0 }, caps: { places, tokens: 0 } };
    const begun = current.begun === 0 ? (this.#seconds.get(second - 1)?.begun ?? 0) : current.begun;
    const missingTokens = Math.max(0, this.waiting - current.tokens);
    const wantTokens = missingTokens === 0 ? 0 : Math.min(Math.max(missingTokens, Math.ceil(begun * tokenShare)), tokens);
    return { want: { places: wantPlaces, tokens: wantTokens }, caps: { places, tokens } };
  }

  #second(second: number): Second {
    const known = this.#seconds.get(second);
    if (known !== undefined) return known;
    // The one before tells how much is wanted; what is older is over.
    for (const old of this.#seconds.keys()) if (old < second - 2) this.#seconds.delete(old);
    const fresh = { places: 0, tokens: 0, begun: 0, exhausted: new Set<keyof Leased>(), carried: false };
    this.#seconds.set(second, fresh);
    return fresh;
  }
}

function at(nowMs: number): { second: number; untilNextMs: number } {
  const second = Math.floor(nowMs / secondMs);
  return { second, untilNextMs: (second + 1) * secondMs - nowMs };
}
