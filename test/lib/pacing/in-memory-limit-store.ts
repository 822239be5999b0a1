import type { Lease, Leased, LeaseRequest, LimitSecond, LimitStore } from '#lib/pacing/limit-store.ts';

/** LimitStore in memory. It is held to the same contract as the real one. */
export class InMemoryLimitStore implements LimitStore {
  readonly #taken = new Map<string, Leased>();

  lease(of: LimitSecond, { want, caps }: LeaseRequest): Promise<Lease> {
    const taken = this.takenOf(of);
    const left = (name: keyof Leased) => Math.min(want[name], Math.max(0, caps[name] - taken[name]));
    const given = { places: left('places'), tokens: left('tokens') };
    const lacking = (['places', 'tokens'] as const).filter((name) => given[name] < want[name]);
    if (lacking.some((name) => given[name] === 0)) return Promise.resolve({ places: 0, tokens: 0, lacking });
    this.#add(of, given);
    return Promise.resolve({ ...given, lacking });
  }

  carry(of: LimitSecond, places: number): Promise<number> {
    this.#add(of, { places, tokens: 0 });
    return Promise.resolve(this.takenOf(of).places);
  }

  takenOf({ subscription, second }: LimitSecond): Leased {
    return this.#taken.get(`${subscription}#${second}`) ?? { places: 0, tokens: 0 };
  }

  #add(of: LimitSecond, { places, tokens }: Leased): void {
    const taken = this.takenOf(of);
    this.#taken.set(`${of.subscription}#${of.second}`, { places: taken.places + places, tokens: taken.tokens + tokens });
  }
}
