import type {
  Circuit,
  CircuitStore,
  OperatorEvent,
  Subscription,
  SubscriptionId,
  SubscriptionPage,
  SubscriptionStore,
} from '#lib/subscriptions/subscription.ts';

interface Entry {
  readonly subscription: Subscription;
  /** When an event of each kind was appended last. */
  readonly toldAt: Readonly<Record<string, string>>;
}

/** SubscriptionStore and CircuitStore in memory. It is held to the same contracts as the real one. */
export class InMemorySubscriptionStore implements SubscriptionStore, CircuitStore {
  readonly #entries = new Map<SubscriptionId, Entry>();

  all(): Promise<Subscription[]> {
    return Promise.resolve([...this.#entries.values()].map(({ subscription }) => structuredClone(subscription)));
  }

  find(id: SubscriptionId): Promise<Subscription | undefined> {
    return Promise.resolve(structuredClone(this.#entries.get(id)?.subscription));
  }

  create(subscription: Subscription): Promise<'created' | 'exists'> {
    const existing = this.#entries.get(subscription.id)?.subscription;
    if (existing === undefined) this.#entries.set(subscription.id, { subscription: structuredClone(subscription), toldAt: {} });
    const same = existing === undefined || JSON.stringify(existing) === JSON.stringify(subscription);
    return Promise.resolve(same ? 'created' : 'exists');
  }

  list({ limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<SubscriptionPage> {
    if (cursor !== undefined && !/^before:sub_[0-9a-z]{20,40}$/.test(cursor)) return Promise.resolve({ kind: 'bad-cursor' });
    const before = cursor?.slice('before:'.length) ?? '~';
    const ids = [...this.#entries.keys()].filter((id) => id < before && this.#entries.get(id)?.subscription.status !== 'deleted');
    const page = ids.toSorted().toReversed().slice(0, limit);
    const data = page.flatMap((id) => structuredClone(this.#entries.get(id)?.subscription) ?? []);
    const last = page.at(-1);
    return Promise.resolve({ kind: 'page', data, nextCursor: last !== undefined && ids.length > limit ? `before:${last}` : null });
  }

  change(seen: Subscription, { at, ...changes }: Parameters<SubscriptionStore['change']>[1]): Promise<'changed' | 'conflict'> {
    const updatedAt = new Date(Math.max(at.getTime(), Date.parse(seen.updatedAt) + 1)).toISOString();
    const changed = this.#update(seen.id, (subscription) => {
      if (subscription.status === 'deleted' || subscription.updatedAt !== seen.updatedAt) return undefined;
      const kept = Object.entries({ ...subscription, ...changes, updatedAt }).filter(([, value]) => value !== null);
      // A subscription's own entries and its changes without their nulls make a subscription.
      return Object.fromEntries(kept) as Subscription;
    });
    return Promise.resolve(changed ? 'changed' : 'conflict');
  }

  setStatus(id: SubscriptionId, change: Parameters<SubscriptionStore['setStatus']>[1]): Promise<boolean> {
    const { status, from, at, pausedUntil, pausedSince, disabledReason, resumedAt, event, whileOpenSince, whileUpdatedAt } = change;
    const update = ({ circuit, ...found }: Subscription): Subscription | undefined => {
      const { pausedUntil: _, pausedSince: __, disabledReason: ___, resumedAt: ____, ...rest } = found;
      return !from.includes(rest.status) ||
        (whileOpenSince !== undefined && circuit?.since !== whileOpenSince) ||
        (whileUpdatedAt !== undefined && rest.updatedAt !== whileUpdatedAt)
        ? undefined
        : {
            ...rest,
            status,
            updatedAt: at.toISOString() > rest.updatedAt ? at.toISOString() : rest.updatedAt,
            ...(pausedUntil === undefined ? {} : { pausedUntil: pausedUntil.toISOString() }),
            ...(pausedSince === undefined ? {} : { pausedSince: pausedSince.toISOString() }),
            ...(disabledReason === undefined ? {} : { disabledReason }),
            ...(resumedAt === undefined ? {} : { resumedAt: resumedAt.toISOString() }),
            ...(status === 'paused' && circuit !== undefined ? { circuit } : {}),
          };
    };
    return Promise.resolve(this.#update(id, update, event));
  }

  setRecovery(id: SubscriptionId, { seen, recovery }: Parameters<SubscriptionStore['setRecovery']>[1]): Promise<boolean> {
    const set = this.#update(id, (subscription) => {
      const { recovery: stored, status } = subscription;
      const asSeen = stored?.status === 'running' ? stored.id === seen?.id && stored.cursor === seen.cursor : seen === undefined;
      return status !== 'deleted' && asSeen ? { ...subscription, recovery } : undefined;
    });
    return Promise.resolve(set);
  }

  purge(id: SubscriptionId): Promise<void> {
    if (this.#entries.get(id)?.subscription.status === 'deleted') this.#entries.delete(id);
    return Promise.resolve();
  }

  open(id: SubscriptionId, { at, probeAt, event }: Parameters<CircuitStore['open']>[1]): Promise<boolean> {
    const circuit = { since: at.toISOString(), probeAt: probeAt.toISOString(), probes: 0 };
    const update = (subscription: Subscription) =>
      subscription.status === 'active' && subscription.circuit === undefined ? { ...subscription, circuit } : undefined;
    return Promise.resolve(this.#update(id, update, event));
  }

  claimProbe(id: SubscriptionId, { seen, nextProbeAt }: Parameters<CircuitStore['claimProbe']>[1]): Promise<boolean> {
    const claimed = this.#update(id, (subscription) => {
      const { circuit, status } = subscription;
      if (status !== 'active' || circuit === undefined || !isAsSeen(circuit, seen)) return undefined;
      return { ...subscription, circuit: { ...circuit, probeAt: nextProbeAt.toISOString(), probes: circuit.probes + 1 } };
    });
    return Promise.resolve(claimed);
  }

  claimRemovalProbe(id: SubscriptionId, { seen, at }: Parameters<CircuitStore['claimRemovalProbe']>[1]): Promise<boolean> {
    const claimed = this.#update(id, (subscription) => {
      const { circuit, status } = subscription;
      if (status !== 'active' || circuit === undefined || !isAsSeen(circuit, seen)) return undefined;
      return { ...subscription, circuit: { ...circuit, removalProbedAt: at.toISOString() } };
    });
    return Promise.resolve(claimed);
  }

  close(id: SubscriptionId, { since, event }: Parameters<CircuitStore['close']>[1]): Promise<boolean> {
    const update = ({ circuit, ...rest }: Subscription) =>
      circuit?.since === since && (rest.status === 'active' || rest.status === 'paused') ? rest : undefined;
    return Promise.resolve(this.#update(id, update, event));
  }

  tell(id: SubscriptionId, event: OperatorEvent, quietMs: number): Promise<boolean> {
    const lastMs = Date.parse(this.#entries.get(id)?.toldAt[event.kind] ?? '');
    const quiet = lastMs >= Date.parse(event.at) - quietMs;
    const update = (subscription: Subscription) => (subscription.status === 'deleted' || quiet ? undefined : subscription);
    return Promise.resolve(this.#update(id, update, event));
  }

  told(id: SubscriptionId, events: readonly OperatorEvent[]): Promise<void> {
    this.#update(id, ({ operatorEvents = [], ...rest }) => {
      if (!events.every((event, index) => operatorEvents[index]?.id === event.id)) return undefined;
      const left = operatorEvents.slice(events.length);
      return left.length === 0 ? rest : { ...rest, operatorEvents: left };
    });
    return Promise.resolve();
  }

  clear(): void {
    this.#entries.clear();
  }

  /** One step, as a conditional write is: nothing else happens in between. */
  #update(id: SubscriptionId, update: (found: Subscription) => Subscription | undefined, event?: OperatorEvent): boolean {
    const entry = this.#entries.get(id);
    const updated = entry === undefined ? undefined : update(entry.subscription);
    if (entry === undefined || updated === undefined) return false;
    const appended = event === undefined ? updated : { ...updated, operatorEvents: [...(updated.operatorEvents ?? []), event] };
    const toldAt = event === undefined ? entry.toldAt : { ...entry.toldAt, [event.kind]: event.at };
    this.#entries.set(id, { subscription: structuredClone(appended), toldAt });
    return true;
  }
}

function isAsSeen(circuit: Circuit, seen: Circuit): boolean {
  return circuit.since === seen.since && circuit.probeAt === seen.probeAt && circuit.removalProbedAt === seen.removalProbedAt;
}
