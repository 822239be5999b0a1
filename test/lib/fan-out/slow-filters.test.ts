import { describe, expect, it } from 'vitest';
import { changeAbout, recordOf, subscriptionNamed } from '../../support/deliveries.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { fanOutWith, memoryQuarantine } from './fan-out-parts.ts';
import { readsTimes, slowRecord } from './slow-filters.ts';

const payroll = subscriptionNamed('payroll');
const ana = subscriptionNamed('ana', { filter: 'user.id eq "ana"' });
/** Says yes to every change, once it has read it. */
const slow = subscriptionNamed('slow', { filter: `not (${readsTimes(40)})` });
const next = recordOf({ partition: 0, offset: 12 }, changeAbout('ana', 'ana-12'));
const sentTo = (queue: ReturnType<typeof memoryDeliveryQueue>) =>
  queue.taken.map(({ message }) => `${message.change.id} ${message.subscription.replace(/^sub_0+/, '')}`);

describe('fanOut of a record that filters would be busy with for too long', () => {
  it('sends it to those that could be asked, keeps it for the others, and moves on', async () => {
    const queue = memoryDeliveryQueue();
    const quarantine = memoryQuarantine();
    const record = slowRecord({ partition: 0, offset: 11 });

    const result = await fanOutWith({ records: [record, next], subscriptions: [slow, payroll, ana], queue, quarantine });

    expect(sentTo(queue)).toEqual(['ana-11 payroll', 'ana-11 ana', 'ana-12 slow', 'ana-12 payroll', 'ana-12 ana']);
    expect(result).toMatchObject({ resumePoints: new Map(), deliveries: 5, quarantined: 1, failures: [] });
    const [entry] = quarantine.kept.values();
    expect(entry).toMatchObject({ org: 'acme', reason: 'filters-too-slow', body: record.value });
    expect(entry?.detail).toBe(`identity.changes.v1-0 at offset 11: not sent to 1, whose filters were given up: ${slow.id}`);
    expect(entry?.id).toMatch(/^[a-z0-9-]{1,64}$/);
  });

  it('keeps it once however often it comes, and once more where it is for others', async () => {
    const records = [slowRecord({ partition: 0, offset: 11 })];
    const quarantine = memoryQuarantine();
    const run = (...subscriptions: (typeof payroll)[]) => fanOutWith({ records, subscriptions, queue: memoryDeliveryQueue(), quarantine });

    await run(slow, payroll);
    await run(slow, payroll, ana);
    expect(quarantine.kept.size).toBe(1);

    const other = subscriptionNamed('slower', { filter: readsTimes(44) });
    await run(slow, payroll, other);
    expect([...quarantine.kept.values()].map(({ detail }) => detail.includes(other.id))).toEqual([false, true]);
  });

  it('names a hundred of those it was not sent to, and says how many there are', async () => {
    const quarantine = memoryQuarantine();
    const subscriptions = Array.from({ length: 120 }, (_, n) => subscriptionNamed(`slow${n}`, { filter: readsTimes(40) }));

    await fanOutWith({ records: [slowRecord({ partition: 0, offset: 11 })], subscriptions, queue: memoryDeliveryQueue(), quarantine });

    const [entry] = quarantine.kept.values();
    expect(entry?.detail).toContain('not sent to 120,');
    expect(entry?.detail.match(/sub_/g)).toHaveLength(100);
    expect(entry?.detail).toMatch(/ and 20 more$/);
  });

  it('waits at it while the quarantine is away', async () => {
    const queue = memoryDeliveryQueue();

    const result = await fanOutWith({
      records: [recordOf({ partition: 0, offset: 10 }, changeAbout('ana', 'ana-10')), slowRecord({ partition: 0, offset: 11 }), next],
      subscriptions: [payroll, slow],
      queue,
      quarantine: memoryQuarantine(() => true),
    });

    expect(result.resumePoints).toEqual(new Map([[0, 11]]));
    expect(result.failures).toMatchObject([{ code: 'QUARANTINE_UNAVAILABLE' }]);
  });

  it('sends all of a dozen partitions that have one each, in the order of each', async () => {
    const partitions = Array.from({ length: 12 }, (_, partition) => partition);
    const records = partitions.flatMap((partition) => [
      slowRecord({ partition, offset: 11 }, `user${partition}`),
      recordOf({ partition, offset: 12 }, changeAbout(`user${partition}`, `user${partition}-12`)),
    ]);
    const queue = memoryDeliveryQueue();
    const quarantine = memoryQuarantine();

    const result = await fanOutWith({ records, subscriptions: [slow, payroll], queue, quarantine });

    expect(result).toMatchObject({ resumePoints: new Map(), deliveries: 36, quarantined: 12 });
    for (const partition of partitions) {
      const about = `user${partition}-`;
      expect(sentTo(queue).filter((sent) => sent.startsWith(about))).toEqual([
        `${about}11 payroll`,
        `${about}12 slow`,
        `${about}12 payroll`,
      ]);
    }
  });

  it('stops within a record when the time is over, and resumes with all of it', async () => {
    // The clock goes on by a second with each look: the time is over after some of the filters.
    let remainingMs = 60_000;
    const queue = memoryDeliveryQueue();
    const subscriptions = Array.from({ length: 200 }, (_, n) => subscriptionNamed(`many${n}`, { filter: 'user.id eq "ana"' }));
    const run = (remainingTimeMs: () => number) => fanOutWith({ records: [next], subscriptions, queue, remainingTimeMs });

    expect((await run(() => (remainingMs -= 1_000))).resumePoints).toEqual(new Map([[0, 12]]));
    expect(queue.taken.length).toBeGreaterThan(0);
    expect(queue.taken.length).toBeLessThan(50);

    expect((await run(() => 60_000)).resumePoints).toEqual(new Map());
    expect(queue.taken).toHaveLength(200);
  });
});
