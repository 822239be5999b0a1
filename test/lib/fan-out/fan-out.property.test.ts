import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { changeAbout, recordOf, subscriptionNamed } from '../../support/deliveries.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { scaled } from '../../support/scale.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { fanOutWith, memoryQuarantine } from './fan-out-parts.ts';

const subscriptions = [
  subscriptionNamed('payroll'),
  subscriptionNamed('badges', { ordering: 'none' }),
  subscriptionNamed('ana', { filter: 'user.id eq "user0"' }),
];

/** The users of one partition's records, one after another; null is a record that cannot be read. A user has one partition. */
const partition = fc.array(fc.option(fc.integer({ min: 0, max: 3 }), { freq: 8 }), { minLength: 1, maxLength: 90, size: 'max' });
const log = fc
  .array(partition, { minLength: 1, maxLength: 4 })
  .map((partitions) =>
    partitions.map((users, number) =>
      users.map((user, offset) =>
        recordOf(
          { partition: number, offset },
          user === null ? Buffer.from('garbage') : changeAbout(`user${user * 10 + number}`, `change-${number}-${offset}`),
        ),
      ),
    ),
  );

/** Who is owed a change about a user, by the subscriptions above. */
const owedTo = (user: string) => (user === 'user0' ? ['payroll', 'badges', 'ana'] : ['payroll', 'badges']);
const userIn = (record: LogRecord) => (record.key === null ? undefined : Buffer.from(record.key).toString().replace('acme:', ''));
const nameOf = (id: string) => id.replace(/^sub_0+/, '');

/** The relay's dependencies, each of which fails at this rate (0 to 1) until it is repaired. */
function faultyParts(random: () => number, rate: number) {
  let broken = true;
  const happens = () => broken && random() < rate;
  return {
    queue: memoryDeliveryQueue({
      verdictOn: () => (happens() ? 'not-taken' : 'taken'),
      outage: () => (happens() ? new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'The queue is away') : undefined),
    }),
    quarantine: memoryQuarantine(happens),
    remainingTimeMs: () => (happens() ? 1_000 : 60_000),
    repair: () => void (broken = false),
  };
}

type Parts = ReturnType<typeof faultyParts>;

/** Everything before the resume point is on the queue or in quarantine. */
function expectSettled(records: readonly LogRecord[], { queue, quarantine }: Parts): void {
  const taken = new Set(queue.taken.map(({ message }) => `${nameOf(message.subscription)} ${message.change.id}`));
  const kept = new Set([...quarantine.kept.values()].map(({ detail }) => /^\S+ at offset \d+/.exec(detail)?.[0]));
  const missing = records.filter((record) => {
    const user = userIn(record);
    if (user === undefined) return !kept.has(`identity.changes.v1-${record.partition} at offset ${record.offset}`);
    return owedTo(user).some((name) => !taken.has(`${name} change-${record.partition}-${record.offset}`));
  });
  expect(missing).toEqual([]);
}

/** What is on the queue of a lane is always the beginning of what is owed to it: nothing overtook, nothing is missing in between. */
function expectLanesInOrder(all: readonly LogRecord[], { queue }: Parts): void {
  const lanes = Map.groupBy(queue.taken, ({ message }) => `${nameOf(message.subscription)} ${message.change.partitionkey}`);
  for (const [lane, deliveries] of lanes) {
    const [name, partitionkey] = lane.split(' ');
    if (name === 'badges') continue;
    const owed = all
      .filter((record) => `acme:${userIn(record)}` === partitionkey)
      .map(({ partition, offset }) => `change-${partition}-${offset}`);
    expect(deliveries.map(({ message }) => message.change.id)).toEqual(owed.slice(0, deliveries.length));
  }
}

describe('fanOut under random faults', () => {
  it('never lets a lane overtake itself, is done with all before its resume points, and ends with everything sent', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.integer(), fc.constantFrom(0.005, 0.05, 0.3), async (partitions, seed, rate) => {
        const parts = faultyParts(seededRandom(seed), rate);
        const all = partitions.flat();
        let left: readonly LogRecord[] = all;
        for (let tries = 1; left.length > 0; tries += 1) {
          if (tries === 20) parts.repair();
          expect(tries).toBeLessThanOrEqual(20);
          const { resumePoints } = await fanOutWith({ records: left, subscriptions, ...parts });
          left = left.filter(({ partition, offset }) => offset >= (resumePoints.get(partition) ?? Infinity));
          expectSettled(
            all.filter((record) => !left.includes(record)),
            parts,
          );
          expectLanesInOrder(all, parts);
        }
        const readable = all.flatMap((record) => userIn(record) ?? []);
        expect(parts.queue.taken).toHaveLength(readable.flatMap(owedTo).length);
      }),
      { numRuns: scaled(500, 50) },
    );
  }, 120_000);
});
