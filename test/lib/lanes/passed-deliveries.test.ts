import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { RelayError } from '#lib/errors.ts';
import { scaled } from '../../support/scale.ts';
import { answered, DeliverHarness, inLane, withCalls } from './deliver-harness.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';

const minute = 60_000;
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const fact = deliveryMessage({ change: 'fact', type: 'identity.user.updated' });
const removalNamed = (change: string) => deliveryMessage({ change, type: 'identity.group.member_removed' });
const leaver = removalNamed('leaver');
const idOf = (headers: Readonly<Record<string, string>>): string => headers['webhook-id'] ?? '';

/** The head of the lane has failed, and is due in ten seconds. */
async function parkFact(): Promise<void> {
  harness.answer = () => answered(503, '10');
  await harness.run([inLane(fact)]);
}

/** While the leaver's removal is being sent, another process has the head tried once more, later than the removal was begun. */
function retryHeadMeanwhile(): void {
  harness.answer = async ({ headers }) => {
    if (idOf(headers) !== 'leaver') return answered(503, '10');
    harness.nowMs += 11_000;
    await harness.run([inLane(removalNamed('another'))]);
    return answered(200);
  };
}

const awaySince = (): Partial<DeliverParts> => ({
  subscriptions: withCalls<DeliverParts['subscriptions']>(harness.subscriptions, {
    find: (id) =>
      harness.recordOf('leaver')?.status === 'delivered'
        ? Promise.reject(new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'away'))
        : harness.subscriptions.find(id),
  }),
});
const killedAtRemoval = (): Partial<DeliverParts> => ({
  lanes: withCalls<DeliverParts['lanes']>(harness.lanes, {
    remove: () => Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'killed')),
  }),
});
const killedAfterRecord = (): Partial<DeliverParts> => ({
  store: withCalls<DeliverParts['store']>(harness.store, {
    settle: async (settlement) => {
      const settled = await harness.store.settle(settlement);
      if (settlement.status === 'delivered') throw new RelayError('DELIVERY_STORE_UNAVAILABLE', 'killed');
      return settled;
    },
  }),
});

describe('what failed before a removal that got through, whose process died before it could yield', () => {
  it.each([
    ['the subscription could not be looked up', awaySince],
    ['it had yielded and not left the lane', killedAtRemoval],
    ['the removal was written down', killedAfterRecord],
  ])('is sent no more, whatever the clocks say: when %s', async (_, dying) => {
    await parkFact();
    retryHeadMeanwhile();
    expect((await harness.run([inLane(leaver)], dying())).errors).toHaveLength(1);
    expect(harness.sentIds()).toEqual(['fact', 'leaver', 'fact']);
    expect(harness.recordOf('leaver')?.status).toBe('delivered');

    harness.nowMs += 11 * minute;
    harness.answer = () => answered(200);
    await harness.run(await harness.releases());
    expect(harness.sentIds().slice(3)).toEqual(['another']);
    expect(harness.recordOf('fact')).toMatchObject({ status: 'dead', reason: 'yielded' });
    expect(harness.recordOf('another')?.status).toBe('delivered');
    expect(await harness.lanes.find({ queue: 'deliveries', group: 'g' })).toBeUndefined();
  });

  it('yields when the message of the removal comes again', async () => {
    await parkFact();
    retryHeadMeanwhile();
    await harness.run([inLane(leaver)], awaySince());
    // The head is due.
    harness.nowMs += 6 * minute;
    harness.answer = () => answered(200);
    expect((await harness.run([inLane(leaver, 2)])).errors).toEqual([]);
    expect(harness.sentIds().slice(3)).toEqual(['another']);
    expect(harness.recordOf('fact')?.reason).toBe('yielded');
  });

  it('yields when the removal got through while another process was at it', async () => {
    await parkFact();
    const factIsOut = Promise.withResolvers<undefined>();
    let other: Promise<unknown> = Promise.resolve();
    harness.answer = async ({ headers }) => {
      if (idOf(headers) === 'leaver') {
        harness.nowMs += 11_000;
        other = harness.run([inLane(removalNamed('another'))]);
        await factIsOut.promise;
        return answered(200);
      }
      factIsOut.resolve(undefined);
      await first;
      return answered(503, '10');
    };
    const first = harness.run([inLane(leaver)]);
    await first;
    await other;
    expect(harness.recordOf('fact')).toMatchObject({ status: 'dead', reason: 'yielded' });
    harness.nowMs += 11 * minute;
    harness.answer = () => answered(200);
    await harness.run(await harness.releases());
    expect(harness.sentIds().filter((id) => id === 'fact')).toHaveLength(2);
  });

  it('is still sent when only a removal that failed was sent ahead of it', async () => {
    await parkFact();
    await harness.run([inLane(leaver)]);
    harness.nowMs += 11 * minute;
    harness.answer = () => answered(200);
    await harness.run(await harness.releases());
    expect(harness.sentIds()).toEqual(['fact', 'leaver', 'fact', 'leaver']);
    expect([harness.recordOf('fact')?.status, harness.recordOf('leaver')?.status]).toEqual(['delivered', 'delivered']);
  });
});

describe('a delivery that stands in its lane twice', () => {
  const next = deliveryMessage({ change: 'next', type: 'identity.user.updated' });
  const lane = () => harness.lanes.find({ queue: 'deliveries', group: 'g' });

  it('does not hide what is between its places, when it gets through from the second of them', async () => {
    harness.answer = () => answered(503, '600');
    await harness.run([inLane(fact)]);
    harness.nowMs += 2_000;
    await harness.run([inLane(next), inLane(leaver)]);
    const parked = await lane();
    if (parked?.tried === undefined) throw new Error('the lane was laid down as tried');
    await harness.lanes.append(parked, { message: fact, removal: false });
    const dueAtMs = parked.tried.dueAt.getTime();
    harness.nowMs = dueAtMs - 500;
    harness.answer = ({ headers }) => answered(['fact', 'another'].includes(idOf(headers)) ? 200 : 503, '600');
    // The first place of the fact is passed over as not due; it is due by the time its second place has been read.
    const lanes = withCalls<DeliverParts['lanes']>(harness.lanes, {
      read: async (seen, from, limit) => {
        const places = await harness.lanes.read(seen, from, limit);
        if (from === parked.tail && limit > 1) harness.nowMs = Math.max(harness.nowMs, dueAtMs + 500);
        return places;
      },
    });
    await harness.run([inLane(removalNamed('another'))], { lanes });
    expect(harness.sentIds()).toContain('another');
    harness.nowMs += 60 * minute;
    harness.answer = () => answered(200);
    await harness.run(await harness.releases());
    expect(await lane()).toBeUndefined();
    const open = [...harness.store.rows.values()].filter(({ status }) => status === 'parked' || status === 'pending');
    expect(open.map(({ change }) => change)).toEqual([]);
  });

  it('is not put there by a process that goes on after a stop: it looks at the lane as it is by then', async () => {
    harness.answer = () => answered(503, '600');
    await harness.run([inLane(fact)]);
    const behind = deliveryMessage({ change: 'behind', type: 'identity.user.updated' });
    let wasStopped = false;
    const store = withCalls<DeliverParts['store']>(harness.store, {
      park: async (request) => {
        if (!wasStopped) {
          wasStopped = true;
          // Its messages come to another meanwhile, and one more.
          harness.nowMs += 7 * minute;
          await harness.run([inLane(next, 2), inLane(behind, 2), inLane(removalNamed('last'))]);
        }
        return harness.store.park(request);
      },
    });
    await harness.run([inLane(next), inLane(behind)], { store });
    const parked = await lane();
    if (parked === undefined) throw new Error('the lane is parked');
    const places = await harness.lanes.read(parked, 0, 20);
    expect(places.map((place) => ('message' in place ? place.message.change.id : ''))).toEqual(['fact', 'next', 'next', 'behind', 'last']);
  });
});

describe('a process that was stopped until its lease was over', () => {
  it('sends nothing any more, and leaves the state free', async () => {
    const member = deliveryMessage({ change: 'member', type: 'identity.group.member_added', stateKey: 'users/00u1/groups/00g1' });
    const { guard } = harness;
    const stopped = withCalls<DeliverParts['guard']>(guard, {
      enter: async (passage) => {
        const standing = await guard.enter(passage);
        harness.nowMs += 30_000;
        return standing;
      },
    });
    expect(await harness.run([inLane(member)], { guard: stopped })).toMatchObject({ failures: ['member-1'], reasons: ['lease-over'] });
    expect(harness.sent).toEqual([]);
    expect(harness.recordOf('member')).toMatchObject({ status: 'pending', attempts: [] });
    expect((await harness.run([inLane(member, 2)])).counts.delivered).toBe(1);
  });
});

describe('many removals behind a head that fails', () => {
  const many = scaled(500, 100);

  it('have no more of their lane read for each, and are each sent at once', async () => {
    harness.answer = () => answered(503, '600');
    await harness.run([inLane(fact)]);
    const reads = { places: 0, records: 0 };
    const counted: Partial<DeliverParts> = {
      lanes: withCalls<DeliverParts['lanes']>(harness.lanes, {
        read: async (lane, from, limit) => {
          const places = await harness.lanes.read(lane, from, limit);
          reads.places += Math.max(1, places.length);
          return places;
        },
      }),
      store: withCalls<DeliverParts['store']>(harness.store, {
        find: (id) => {
          reads.records += 1;
          return harness.store.find(id);
        },
      }),
    };
    for (let index = 0; index < many; index += 1) await harness.run([inLane(removalNamed(`removal-${index}`))], counted);
    expect(harness.sentIds()).toEqual(['fact', ...Array.from({ length: many }, (_, index) => `removal-${index}`)]);
    // Each: the first place, its own twice, and that nothing is behind it; its record before it is appended, for its turn and for when it is due.
    expect(reads.places).toBeLessThanOrEqual(many * 6);
    expect(reads.records).toBeLessThanOrEqual(many * 4);

    // All of them have failed, and yield to the last one.
    harness.answer = ({ headers }) => answered(idOf(headers) === 'last' ? 200 : 503, '600');
    await harness.run([inLane(removalNamed('last'))]);
    expect(new Set([...harness.store.rows.values()].map(({ reason }) => reason))).toEqual(new Set(['yielded', undefined]));
    expect(await harness.lanes.find({ queue: 'deliveries', group: 'g' })).toBeUndefined();
  });

  it('are gone on with where the limits ended the work, when the release comes back', async () => {
    harness.answer = () => answered(503, '600');
    await harness.run([inLane(fact), inLane(leaver), inLane(removalNamed('another'))]);
    harness.nowMs += 11 * minute;
    const [release] = await harness.releases();
    if (release === undefined) throw new Error('the lane is due');
    const looked: string[] = [];
    const store = withCalls<DeliverParts['store']>(harness.store, {
      find: (id) => {
        looked.push(id);
        return harness.store.find(id);
      },
    });
    for (const receiveCount of [1, 2, 3]) {
      let places = 1;
      const limiter: DeliverParts['limiter'] = {
        enter: () => Promise.resolve((places -= 1) < 0 ? { kind: 'full', retryMs: 500 } : { kind: 'open', leave: () => undefined }),
      };
      looked.length = 0;
      await harness.run([{ ...release, receiveCount }], { limiter, store });
      expect(looked.includes(fact.delivery)).toBe(receiveCount === 1);
    }
    expect(harness.sentIds().slice(3)).toEqual(['fact', 'leaver', 'another']);
  });
});
