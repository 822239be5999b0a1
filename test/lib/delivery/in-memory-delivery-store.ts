import { groupOf, orderingKeyIn } from '#lib/delivery/lane.ts';
import {
  deliveryRetentionDays,
  longestAttemptLog,
  type Attempt,
  type Claim,
  type DeadLetter,
  type Delivery,
  type DeliveryId,
  type DeliveryMessage,
  type DeliveryStore,
  type UnreadableLetter,
} from '#lib/delivery/delivery.ts';

interface Row extends Delivery {
  readonly attempts: readonly Attempt[];
  /** Those that were no probes. */
  readonly counted: number;
  readonly refusals: number;
  readonly lease: string | null;
  readonly leaseUntil: Date | null;
  readonly letter?: DeliveryMessage;
  readonly expiresAt: Date;
}

/** DeliveryStore in memory, for properties over thousands of batches. It is held to the same contract as the real one. */
export class InMemoryDeliveryStore implements DeliveryStore {
  readonly rows = new Map<string, Row>();
  /** Letters that somebody else has written over. */
  readonly spoiledLetters = new Set<DeliveryId>();
  readonly #now: () => Date;

  constructor(options: { now: () => Date }) {
    this.#now = options.now;
  }

  claim({ message, lease, now, leaseMs, early }: Parameters<DeliveryStore['claim']>[0]): Promise<Claim> {
    const row = this.rows.get(message.delivery) ?? newRow(message, now);
    if (!isOpen(row)) return Promise.resolve({ kind: 'settled', status: row.status });
    const leasedMs = row.leaseUntil?.getTime() ?? 0;
    const dueMs = early === true || row.nextAttemptAt === null ? 0 : Date.parse(row.nextAttemptAt);
    const until = new Date(Math.max(leasedMs, dueMs));
    if (until > now) return Promise.resolve({ kind: 'not-yet', why: leasedMs > now.getTime() ? 'leased' : 'waiting', until });
    this.rows.set(row.id, { ...row, lease, leaseUntil: new Date(now.getTime() + leaseMs), expiresAt: expiryOf(now) });
    return Promise.resolve({ kind: 'claimed', attempts: row.counted, refusals: row.refusals, createdAt: new Date(row.createdAt) });
  }

  park({ message, now }: Parameters<DeliveryStore['park']>[0]): Promise<void> {
    const row = this.rows.get(message.delivery) ?? newRow(message, now);
    if (isOpen(row)) this.rows.set(row.id, { ...row, status: 'parked', expiresAt: expiryOf(now) });
    return Promise.resolve();
  }

  settle(settlement: Parameters<DeliveryStore['settle']>[0]): Promise<'settled' | 'lost'> {
    const { id, lease, status, reason, attempt, letter, refused, nextAttemptAt } = settlement;
    const row = this.rows.get(id);
    if (row?.lease !== lease) return Promise.resolve('lost');
    if (row.leaseUntil === null) return Promise.resolve('settled');
    const counts = attempt !== undefined && attempt.probe === undefined;
    const { reason: _reason, letter: _letter, ...kept } = row;
    this.rows.set(id, {
      ...kept,
      status,
      attempts: attempt === undefined ? row.attempts : [...row.attempts.slice(0, longestAttemptLog - 1), attempt],
      counted: row.counted + (counts ? 1 : 0),
      refusals: row.refusals + (counts && refused === true ? 1 : 0),
      nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
      leaseUntil: null,
      ...(reason === undefined ? {} : { reason }),
      ...(letter === undefined || status !== 'dead' ? {} : { letter }),
    });
    return Promise.resolve('settled');
  }

  find(id: DeliveryId): Promise<Delivery | undefined> {
    const row = this.rows.get(id);
    return Promise.resolve(row === undefined ? undefined : listed(row));
  }

  letter(id: DeliveryId): Promise<DeadLetter | UnreadableLetter | undefined> {
    const row = this.rows.get(id);
    if (this.spoiledLetters.has(id)) return Promise.resolve({ unreadable: id });
    if (row?.letter === undefined || row.expiresAt <= this.#now()) return Promise.resolve(undefined);
    return Promise.resolve({ delivery: listed(row), message: row.letter });
  }

  list(query: Parameters<DeliveryStore['list']>[0]): ReturnType<DeliveryStore['list']> {
    const { subscription, status, change, user, limit, cursor } = query;
    if (cursor !== undefined && !/^[0-9]+$/.test(cursor)) return Promise.resolve({ kind: 'bad-cursor' });
    const dayAgo = this.#now().getTime() - 24 * 60 * 60_000;
    const sinceMs = query.since?.getTime() ?? (change === undefined && user === undefined ? dayAgo : 0);
    const fitting = [...this.rows.values()]
      .filter((row) => Date.parse(row.createdAt) >= sinceMs && Date.parse(row.createdAt) < (query.until?.getTime() ?? Infinity))
      .filter((row) => (subscription ?? row.subscription) === row.subscription && (status ?? row.status) === row.status)
      .filter((row) => (change ?? row.change) === row.change && (user ?? row.user) === row.user)
      .sort((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? 1 : -1));
    const from = Number(cursor ?? 0);
    const data = fitting.slice(from, from + limit).map(listed);
    return Promise.resolve({ kind: 'page', data, nextCursor: from + limit < fitting.length ? String(from + limit) : null });
  }
}

function isOpen({ status }: Row): boolean {
  return status === 'pending' || status === 'parked';
}

function newRow(message: DeliveryMessage, now: Date): Row {
  const { delivery: id, subscription, org, change, replay } = message;
  const user = change.data.user?.id ?? null;
  return {
    ...{ id, subscription, org, change: change.id, type: change.type, user, createdAt: now.toISOString() },
    ...(replay === undefined ? {} : { replay: replay.id }),
    ...{ status: 'pending', attempts: [], nextAttemptAt: null, counted: 0, refusals: 0, lease: null, leaseUntil: null },
    group: groupOf(message, { orderingKey: orderingKeyIn(change) ?? change.id, ordering: 'per-subject' }),
    expiresAt: expiryOf(now),
  };
}

function expiryOf(now: Date): Date {
  return new Date(now.getTime() + deliveryRetentionDays * 24 * 60 * 60_000);
}

function listed({
  counted: _counted,
  refusals: _refusals,
  lease: _lease,
  leaseUntil: _until,
  letter: _letter,
  expiresAt: _expiresAt,
  ...delivery
}: Row): Delivery {
  return delivery;
}
