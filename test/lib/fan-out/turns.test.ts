import { describe, expect, it } from 'vitest';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { changeAbout, recordOf, subscriptionNamed } from '../../support/deliveries.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { fanOutWith } from './fan-out-parts.ts';
import { loopCount } from './loop-count.ts';

describe('the partitions of a batch', () => {
  it('make one window between them while the event loop goes round once', async () => {
    const reads: { partition: number; round: number }[] = [];
    // Says when it is read, which is where the work of a window begins.
    const watched = (record: LogRecord): LogRecord => ({
      ...record,
      get value() {
        reads.push({ partition: record.partition, round: loopCount() });
        return record.value;
      },
    });
    const partitions = [0, 1, 2, 3, 4, 5];
    const records = partitions.flatMap((partition) =>
      [10, 11, 12].map((offset) => watched(recordOf({ partition, offset }, changeAbout(`user${partition}`, `${partition}-${offset}`)))),
    );
    const subscriptions = [subscriptionNamed('nobody', { filter: 'user.id eq "nobody"' })];

    const result = await fanOutWith({ records, subscriptions, queue: memoryDeliveryQueue() });

    expect(result.resumePoints).toEqual(new Map());
    const rounds = Map.groupBy(reads, ({ round }) => round);
    expect([...rounds.values()].map((inRound) => new Set(inRound.map(({ partition }) => partition)).size)).toEqual(
      Array<number>(18).fill(1),
    );
    // And each has its turn before one has its next.
    const turns = [...rounds.values()].map(([first]) => first?.partition);
    expect(turns).toEqual([...partitions, ...partitions, ...partitions]);
  });

  it('read nothing without time', async () => {
    let reads = 0;
    const record = recordOf({ partition: 0, offset: 10 }, changeAbout('ana', 'one'));
    const watched: LogRecord = {
      ...record,
      get value() {
        reads += 1;
        return record.value;
      },
    };

    const result = await fanOutWith({ records: [watched], subscriptions: [], queue: memoryDeliveryQueue(), remainingTimeMs: () => 0 });

    expect([result.resumePoints, reads]).toEqual([new Map([[0, 10]]), 0]);
  });
});
