import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { workDelivery } from '#lib/lanes/work-delivery.ts';
import { changeTypes } from '#lib/identity/change-types.ts';
import { scaled } from '../../support/scale.ts';
import { DeliverHarness } from '../lanes/deliver-harness.ts';
import { ana, ben, changeOf, engineering, eventWith, wiki } from '../identity/acme.ts';
import { recordOf, ReplayHarness } from './replay-harness.ts';

const sales = { ...engineering, id: '00gsal000000000004x7' };
const strange = { ...engineering, id: '00uana000000000004x7' };
const states = changeTypes.filter(({ stateKey }) => stateKey !== undefined).map(({ eventType }) => eventType);
const event = (targets: readonly (typeof ana)[]) =>
  fc.record({ eventType: fc.constantFrom(...states), target: fc.shuffledSubarray([...targets], { minLength: 1 }) });

/** Of which state key, by which partition key. */
function keysOf(sent: { eventType: string; target: unknown[] }): { statekey: string | undefined; partitionkey: string } {
  const { statekey, partitionkey } = changeOf(eventWith({ outcome: { result: 'SUCCESS' }, ...sent }));
  return { statekey, partitionkey };
}
const ownerOf = (statekey: string): string => `acme:${statekey.split('/')[1]}`;

describe('the changes of a state key', () => {
  it("share a partition when the state is a user's, whoever else the event names", () => {
    fc.assert(
      fc.property(event([ana, { ...ana }, ben, engineering, sales, strange, wiki]), (sent) => {
        const { statekey, partitionkey } = keysOf(sent);
        if (statekey?.startsWith('users/')) expect(partitionkey).toBe(ownerOf(statekey));
      }),
      { numRuns: scaled(2_000, 500) },
    );
  });

  it("share a partition when the state is a group's, as long as the event names no user: no documented event of a group does", () => {
    fc.assert(
      fc.property(event([engineering, { ...engineering }, sales, strange, wiki]), (sent) => {
        const { statekey, partitionkey } = keysOf(sent);
        if (statekey !== undefined) expect(partitionkey).toBe(ownerOf(statekey));
      }),
      { numRuns: scaled(2_000, 500) },
    );
  });

  it('are in two partitions when an event of a group names a user after all', () => {
    const keys = [[engineering], [ana, engineering]].map((target) => keysOf({ eventType: 'group.lifecycle.create', target }));
    expect(keys).toEqual([
      { statekey: `groups/${engineering.id}`, partitionkey: `acme:${engineering.id}` },
      { statekey: `groups/${engineering.id}`, partitionkey: `acme:${ana.id}` },
    ]);
  });
});

describe('a state key in two partitions', () => {
  it.each([
    ['in the order of the log', false],
    ['the other way round', true],
  ])('is sent once for each, and nothing older gets past the guard after something newer: %s', async (_, isTurned) => {
    const about = (partition: number, at: number) => {
      const record = recordOf(partition, 0, { type: 'identity.group.created', user: `somebody-${partition}`, at });
      const change = { ...(JSON.parse(Buffer.from(record.value ?? []).toString()) as object), statekey: `groups/${engineering.id}` };
      return { ...record, value: Buffer.from(JSON.stringify(change)) };
    };
    const replay = new ReplayHarness([[about(0, 1)], [about(1, 2)]]);
    await replay.create();
    await replay.run();
    expect(replay.sent()).toEqual(['0-0', '1-0']);

    const harness = new DeliverHarness();
    if (replay.subscription !== undefined) await harness.subscriptions.create(replay.subscription);
    const messages = replay.queue.taken.map(({ message }) => message);
    const outcomes: string[] = [];
    for (const message of isTurned ? messages.toReversed() : messages)
      outcomes.push((await workDelivery(harness.parts(), { message, group: 'g', probe: false })).kind);
    expect(outcomes).toEqual(isTurned ? ['delivered', 'superseded'] : ['delivered', 'delivered']);
    expect(harness.sentIds()).toEqual(isTurned ? ['1-0'] : ['0-0', '1-0']);
  });
});
