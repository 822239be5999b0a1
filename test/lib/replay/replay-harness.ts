import { replayIdSchema } from '#lib/delivery/replay-mark.ts';
import type { ChangeLogRange } from '#lib/intake/change-log-range.ts';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { replaySchema, type Replay } from '#lib/replay/replay.ts';
import { runReplay, type ReplayParts, type RunOutcome } from '#lib/replay/run-replay.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { inMemoryReplayStore } from './in-memory-replay-store.ts';

export const replayId = replayIdSchema.parse('rpl_00000000000000000000000001');
const windowMs = { from: Date.parse('2026-11-21T10:00:00.000Z'), to: Date.parse('2026-11-21T11:00:00.000Z') };

export interface Happened {
  readonly type: string;
  readonly user: string;
  /** Seconds of Okta's time after ten o'clock. */
  readonly at: number;
  /** Milliseconds from the window's beginning at which it was appended; absent: well inside. */
  readonly appended?: number;
  readonly fact?: boolean;
  /** The offset of the record that this one is a copy of: it has that one's id. */
  readonly copyOf?: number;
}

/** A record of the log: the offset, its own or the one it is a copy of, also makes the change's id. */
export function recordOf(partition: number, offset: number, { type, user, at, appended, fact, copyOf }: Happened): LogRecord {
  const time = new Date(windowMs.from + at * 1_000).toISOString();
  const change = {
    specversion: '1.0',
    id: `${partition}-${copyOf ?? offset}`,
    source: 'https://acme.okta.com',
    type,
    time,
    datacontenttype: 'application/json',
    partitionkey: `acme:${user}`,
    recordedtime: '2026-11-21T12:00:00.000Z',
    ...(fact === true ? {} : { statekey: `users/${user}/status` }),
    origin: 'hook',
    data: { org: 'acme', user: { id: user }, okta: { eventType: 'user.lifecycle.activate' } },
  };
  const value = Buffer.from(JSON.stringify(change));
  return {
    topic: 'identity.changes.v1',
    partition,
    offset,
    timestampMs: windowMs.from + (appended ?? 60_000),
    key: Buffer.from(`acme:${user}`),
    value,
    headers: [],
  };
}

/** The first offset that each partition still holds; absent: 0. A test moves it as retention does. */
export type HeldFrom = number[];

/** A log in memory: `partitions[n]` holds the records of partition n, its offsets counted from 0. */
export function memoryRange(partitions: readonly (readonly LogRecord[])[], heldFrom: HeldFrom = []): ChangeLogRange {
  const held = (partition: number): number => heldFrom[partition] ?? 0;
  return {
    locate: () => Promise.resolve(partitions.map((records, partition) => ({ partition, start: held(partition), end: records.length }))),
    async read({ partition, start, end }, { maxRecords, handle }) {
      const records = (partitions[partition] ?? []).slice(start, end);
      for (let at = 0; at < records.length; at += maxRecords) {
        if (start + at < held(partition)) return 'gone';
        if ((await handle(records.slice(at, at + maxRecords))) === 'enough' && at + maxRecords < records.length) return 'enough';
      }
      return 'all';
    },
    close: () => Promise.resolve(),
  };
}

/** Ports in memory around the real use-case, and a clock that only moves when told. */
export class ReplayHarness {
  nowMs = Date.parse('2026-11-21T12:00:00.000Z');
  readonly heldFrom: HeldFrom = [];
  readonly queue = memoryDeliveryQueue();
  readonly parts: ReplayParts;
  subscription: Subscription | undefined;

  constructor(partitions: readonly (readonly LogRecord[])[], subscription: Partial<Subscription> = {}) {
    this.subscription = storedSubscription(1, { types: ['*'], ...subscription });
    this.parts = {
      store: inMemoryReplayStore(),
      subscriptions: { find: () => Promise.resolve(this.subscription) },
      log: memoryRange(partitions, this.heldFrom),
      queue: this.queue,
      now: () => new Date(this.nowMs),
    };
  }

  async create(overrides: Partial<Replay> = {}): Promise<void> {
    const created = new Date(this.nowMs).toISOString();
    await this.parts.store.create(
      replaySchema.parse({
        id: replayId,
        subscription: storedSubscription(1).id,
        from: new Date(windowMs.from).toISOString(),
        to: new Date(windowMs.to).toISOString(),
        full: false,
        status: 'queued',
        error: null,
        partitions: [],
        createdAt: created,
        updatedAt: created,
        ...overrides,
      }),
    );
  }

  run(replacing: Partial<ReplayParts> = {}, remainingMs: () => number = () => 300_000): Promise<RunOutcome> {
    return runReplay({ ...this.parts, ...replacing }, replayId, remainingMs);
  }

  /** Ids of the changes on the queue, `partition-offset`. */
  sent(): string[] {
    return this.queue.taken.map(({ message }) => message.change.id);
  }
}
