import { setTimeout as delay } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import type { BackOff } from './back-off.ts';
import type { BatchGatherer, Offer } from './batch-gatherer.ts';
import { toLogRecord } from './log-record.ts';
import type { PartOutcome } from './settle-batch.ts';

export interface PartitionReaderOptions {
  readonly gatherer: BatchGatherer;
  readonly maxRecords: number;
  readonly heartbeatMs: number;
  readonly backOff: BackOff;
}

/**
 * What is done with each batch that kafkajs fetched of one partition: handled in slices, committed after each. Where the
 * partition must wait it is paused, and read again from the first record that was not handled; the others go on meanwhile.
 */
export function partitionReader(options: PartitionReaderOptions): (payload: EachBatchPayload) => Promise<void> {
  const failures = new Map<number, number>();

  return async (payload) => {
    const { topic, partition, messages } = payload.batch;
    for (let at = 0; at < messages.length; at += options.maxRecords) {
      if (!payload.isRunning() || payload.isStale()) return;
      const slice = messages.slice(at, at + options.maxRecords).map((message) => toLogRecord(topic, partition, message));
      const { outcome, heartbeatFailure } = await outcomeOf(options.gatherer.offer(slice), payload, options.heartbeatMs);
      if (outcome.kind !== 'withdrawn' && outcome.offset !== slice[0]?.offset) {
        failures.delete(partition);
        await commit(payload, outcome);
      }
      if (heartbeatFailure !== undefined) throw heartbeatFailure.error;
      if (outcome.kind === 'withdrawn') return;
      if (outcome.kind === 'again') {
        const count = (failures.get(partition) ?? 0) + 1;
        failures.set(partition, count);
        setTimeout(payload.pause(), options.backOff(count)).unref();
        return;
      }
    }
  };
}

/** The broker first: an offset that could not be committed is not passed over here either, and its records come again. */
async function commit(payload: EachBatchPayload, { offset }: PartOutcome): Promise<void> {
  const { topic, partition } = payload.batch;
  await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }] });
  payload.resolveOffset(String(offset - 1));
}

/**
 * Waits for the outcome and keeps the membership alive meanwhile. When a heartbeat fails (the group is rebalancing, say) what
 * is not yet being handled is taken back; what is, is finished, because it cannot be undone, and then the failure is told.
 */
async function outcomeOf(
  offer: Offer,
  payload: EachBatchPayload,
  heartbeatMs: number,
): Promise<{ outcome: Awaited<Offer['outcome']>; heartbeatFailure?: { readonly error: unknown } }> {
  for (;;) {
    const pulse = new AbortController();
    const next = await Promise.race([offer.outcome, delay(heartbeatMs, 'pulse' as const, { signal: pulse.signal })]);
    if (next !== 'pulse') {
      pulse.abort();
      return { outcome: next };
    }
    try {
      await payload.heartbeat();
    } catch (error) {
      offer.withdraw();
      return { outcome: await offer.outcome, heartbeatFailure: { error } };
    }
  }
}
