import type { Attempt, Claim, Delivery, DeliveryStore } from '#lib/delivery/delivery.ts';

interface Row extends Delivery {
  readonly attempts: Attempt[];
  readonly refusals: number;
  readonly lease: string;
  readonly leaseUntil: Date | null;
}

/** DeliveryStore in memory, for properties over thousands of batches. It is held to the same contract as the real one. */
export class InMemoryDeliveryStore implements DeliveryStore {
  readonly rows = new Map<string, Row>();
  readonly #now: () => Date;

  constructor(options: { now: () => Date }) {
    this.#now = options.now;
  }

  claim({ message, lease, now, leaseMs }: Parameters<DeliveryStore['claim']>[0]): Promise<Claim> {
    const leaseUntil = new Date(now.getTime() + leaseMs);
    const row = this.rows.get(message.delivery);
    if (row === undefined) {
      const { delivery: id, subscription, org, change } = message;
      const user = change.data.user?.id ?? null;
      const replay = message.replay === undefined ? {} : { replay: message.replay.id };
      const fixed = { id, subscription, org, change: change.id, type: change.type, user, createdAt: now.toISOString(), ...replay };
      this.rows.set(id, { ...fixed, status: 'pending', attempts: [], refusals: 0, nextAttemptAt: null, lease, leaseUntil });
      return Promise.resolve({ kind: 'claimed', attempts: 0, refusals: 0 });
    }
    if (row.status !== 'pending' && row.status !== 'parked') return Promise.resolve({ kind: 'settled', status: row.status });
    const until = Math.max(row.leaseUntil?.getTime() ?? 0, Date.parse(row.nextAttemptAt ?? '1970-01-01T00:00:00.000Z'));
    if (until > now.getTime()) return Promise.resolve({ kind: 'not-yet', until: new Date(until) });
    this.rows.set(row.id, { ...row, lease, leaseUntil });
    return Promise.resolve({ kind: 'claimed', attempts: row.attempts.length, refusals: row.refusals });
  }

  settle({ id, lease, status, attempt, refused, nextAttemptAt }: Parameters<DeliveryStore['settle']>[0]): Promise<'settled' | 'lost'> {
    const row = this.rows.get(id);
    if (row?.lease !== lease) return Promise.resolve('lost');
    if (row.leaseUntil === null) return Promise.resolve('settled');
    const attempts = attempt === undefined ? row.attempts : [...row.attempts, attempt];
    const refusals = row.refusals + (refused === true ? 1 : 0);
    this.rows.set(id, { ...row, status, attempts, refusals, nextAttemptAt: nextAttemptAt?.toISOString() ?? null, leaseUntil: null });
    return Promise.resolve('settled');
  }

  list(query: Parameters<DeliveryStore['list']>[0]): ReturnType<DeliveryStore['list']> {
    const { subscription, status, change, user, limit, cursor } = query;
    if (cursor !== undefined && !/^[0-9]+$/.test(cursor)) return Promise.resolve({ kind: 'bad-cursor' });
    const dayAgo = this.#now().getTime() - 24 * 60 * 60_000;
    const sinceMs = query.since?.getTime() ?? (change === undefined && user === undefined ? dayAgo : 0);
    const fitting = [...this.rows.values()]
      .filter((row) => Date.parse(row.createdAt) >= sinceMs)
      .filter((row) => (subscription ?? row.subscription) === row.subscription && (status ?? row.status) === row.status)
      .filter((row) => (change ?? row.change) === row.change && (user ?? row.user) === row.user)
      .sort((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? 1 : -1));
    const from = Number(cursor ?? 0);
    const data = fitting
      .slice(from, from + limit)
      .map(({ refusals: _refusals, lease: _lease, leaseUntil: _leaseUntil, ...delivery }) => delivery);
    return Promise.resolve({ kind: 'page', data, nextCursor: from + limit < fitting.length ? String(from + limit) : null });
  }
}
