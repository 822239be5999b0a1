import { describe, expect, it } from 'vitest';
import { deliveryIdOf } from '#lib/delivery/delivery.ts';
import { placed } from '#lib/delivery/lane.ts';
import { RelayError } from '#lib/errors.ts';
import { replayTotals } from '#lib/replay/replay-totals.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { recordOf, replayId, ReplayHarness, type Happened } from './replay-harness.ts';

const activated = (user: string, at: number, more: Partial<Happened> = {}): Happened => ({
  type: 'identity.user.activated',
  user,
  at,
  ...more,
});
const deactivated = (user: string, at: number): Happened => ({ type: 'identity.user.deactivated', user, at });
const fact = (user: string, at: number): Happened => ({ type: 'okta.user.session.start', user, at, fact: true });
const logOf = (...partitions: Happened[][]) =>
  partitions.map((happened, partition) => happened.map((one, offset) => recordOf(partition, offset, one)));

describe('what a replay sends', () => {
  it('is the newest change of each state key by sequence, not by arrival, and every fact', async () => {
    const harness = new ReplayHarness(
      logOf([activated('ana', 1), deactivated('ana', 9), fact('ana', 3), activated('ana', 5)], [activated('bo', 2)]),
    );
    await harness.create();
    const outcome = await harness.run();
    expect(outcome).toMatchObject({ kind: 'done', replay: { status: 'done', error: null } });
    expect(harness.sent()).toEqual(['0-1', '0-2', '1-0']);
    expect('replay' in outcome && replayTotals(outcome.replay)).toEqual({ read: 5, matched: 5, queued: 3, skipped: 0, gone: 0 });
  });

  it('is all of it in full, in order', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1), deactivated('ana', 9), activated('ana', 5)]));
    await harness.create({ full: true });
    await harness.run();
    expect(harness.sent()).toEqual(['0-0', '0-1', '0-2']);
    expect(harness.queue.taken[0]?.message.replay).toEqual({ id: replayId, full: true });
  });

  it('begins with `from` and ends before `to`, by the time of appending', async () => {
    const at = (appended: number) => activated(`user-${appended}`, 1, { appended });
    const harness = new ReplayHarness(logOf([at(-1), at(0), at(3_599_999), at(3_600_000)]));
    await harness.create();
    await harness.run();
    expect(harness.sent()).toEqual(['0-1', '0-2']);
  });

  it("is what the subscription's own types, orgs and filter ask for", async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1), deactivated('bo', 2), activated('bo', 3)]), {
      types: ['identity.user.activated'],
      filter: 'user.id eq "bo"',
    });
    await harness.create();
    await harness.run();
    expect(harness.sent()).toEqual(['0-2']);
  });

  it('queues of a change only what the subscription asks for', async () => {
    const record = recordOf(0, 0, activated('ana', 1));
    const whole = JSON.parse(Buffer.from(record.value ?? []).toString('utf8')) as { data: object };
    const data = { ...whole.data, user: { id: 'ana', userName: 'ana@example.com', displayName: 'Ana Ito' } };
    const value = Buffer.from(JSON.stringify({ ...whole, data }));
    const filter = 'user.userName eq "ana@example.com"';
    const queuedFor = async (narrowing: Partial<Subscription>) => {
      const harness = new ReplayHarness([[{ ...record, value }]], { filter, ...narrowing });
      await harness.create();
      await harness.run();
      expect(harness.queue.taken).toHaveLength(1);
      return harness.queue.taken[0]?.message.change;
    };
    expect((await queuedFor({}))?.data).toEqual(data);
    const minimal = await queuedFor({ format: 'minimal' });
    expect(minimal).toMatchObject({ ...whole, data: { ...whole.data, user: { id: 'ana' } } });
    expect(JSON.stringify(minimal)).not.toMatch(/example\.com|Ito/);
    const narrowed = await queuedFor({ attributes: ['user.displayName'] });
    expect(narrowed?.data.user).toEqual({ id: 'ana', displayName: 'Ana Ito' });
  });

  it('does not bring back by `types` or `user` what a newer change took away', async () => {
    const log = logOf([activated('ana', 1), deactivated('ana', 2), activated('bo', 3), fact('bo', 4)]);
    const byType = new ReplayHarness(log);
    await byType.create({ types: ['identity.user.activated'] });
    await byType.run();
    expect(byType.sent()).toEqual(['0-2']);
    const byUser = new ReplayHarness(log);
    await byUser.create({ user: 'ana' });
    await byUser.run();
    expect(byUser.sent()).toEqual(['0-1']);
  });

  it('has delivery ids of the replay, in the lanes the changes always have', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1)]));
    await harness.create();
    await harness.run();
    const [queued] = harness.queue.taken;
    if (queued === undefined) throw new Error('nothing was sent');
    const subscription = storedSubscription(1).id;
    expect(queued.message.delivery).toBe(deliveryIdOf(subscription, 'acme', '0-0', replayId));
    expect(queued.message.delivery).not.toBe(deliveryIdOf(subscription, 'acme', '0-0'));
    expect(queued).toEqual(placed(queued.message, { orderingKey: 'ana', ordering: 'per-subject' }));
  });

  it('passes over what cannot be read: it is in quarantine since fan-out met it', async () => {
    const [records = []] = logOf([activated('ana', 1), activated('bo', 2)]);
    const harness = new ReplayHarness([
      [{ ...(records[0] as (typeof records)[number]), value: Buffer.from('no change') }, ...records.slice(1)],
    ]);
    await harness.create();
    const outcome = await harness.run();
    expect(harness.sent()).toEqual(['0-1']);
    expect('replay' in outcome && replayTotals(outcome.replay)).toEqual({ read: 2, matched: 1, queued: 1, skipped: 1, gone: 0 });
  });
});

describe('a replay that cannot go on', () => {
  it.each([
    ['subscription-deleted', undefined],
    ['subscription-disabled', storedSubscription(1, { status: 'disabled' })],
  ])('fails: %s', async (error, subscription) => {
    const harness = new ReplayHarness(logOf([activated('ana', 1)]));
    harness.subscription = subscription;
    await harness.create();
    expect(await harness.run()).toMatchObject({ kind: 'failed', replay: { status: 'failed', error } });
    expect(await harness.run()).toEqual({ kind: 'finished' });
    expect(harness.sent()).toEqual([]);
  });
});

describe('a replay whose range the log drops meanwhile', () => {
  const users = Array.from({ length: 500 }, (_, index) => activated(`user-${index}`, index));
  const ids = (partition: number, offsets: readonly [from: number, to: number]) =>
    Array.from({ length: offsets[1] - offsets[0] }, (_, index) => `${partition}-${offsets[0] + index}`);

  it('sends all that is left, of every partition, and then fails and says how much is gone', async () => {
    const harness = new ReplayHarness(logOf(users, [activated('ana', 1)]));
    await harness.create();
    const queue = { send: () => Promise.reject(new Error('away')) };
    await expect(harness.run({ queue })).rejects.toThrow('away');
    harness.heldFrom[0] = 120;
    const outcome = await harness.run();
    expect(outcome).toMatchObject({ kind: 'failed', replay: { status: 'failed', error: 'range-gone' } });
    expect(harness.sent()).toEqual([...ids(0, [120, 500]), '1-0']);
    expect('replay' in outcome && replayTotals(outcome.replay)).toEqual({ read: 381, matched: 381, queued: 381, skipped: 0, gone: 120 });
  });

  it.each([
    ['while it looks ahead', 2],
    ['while it sends', 5],
  ])('goes on behind the hole when it comes %s', async (_, nth) => {
    const harness = new ReplayHarness(logOf(users));
    await harness.create();
    let asked = 0;
    // The third and sixth question of the time is asked between two batches of the first and second reading.
    const outcome = await harness.run({}, () => {
      if (asked === nth) harness.heldFrom[0] = 330;
      asked += 1;
      return 300_000;
    });
    const sent = harness.sent().length;
    expect(outcome).toMatchObject({ kind: 'failed', replay: { error: 'range-gone', partitions: [{ next: 500, gone: 500 - sent }] } });
    expect(harness.sent().slice(-170)).toEqual(ids(0, [330, 500]));
    expect(sent).toBeLessThan(500);
  });

  it('does not count as gone what it had worked already', async () => {
    const harness = new ReplayHarness(logOf(users));
    await harness.create();
    let batches = 0;
    const send: typeof harness.queue.send = (deliveries) =>
      (batches += 1) === 3 ? Promise.reject(new Error('away')) : harness.queue.send(deliveries);
    // A second passes between two batches, so that each is written down.
    const now = () => new Date((harness.nowMs += 1_000));
    await expect(harness.run({ queue: { send }, now })).rejects.toThrow('away');
    harness.heldFrom[0] = 300;
    expect(await harness.run()).toMatchObject({ kind: 'done', replay: { status: 'done', error: null } });
    expect(harness.sent()).toEqual(ids(0, [0, 500]));
  });

  it('counts as gone what a run that was killed had sent and not written down, so that `queued` says at least', async () => {
    const harness = new ReplayHarness(logOf(users));
    await harness.create();
    const send: typeof harness.queue.send = async (deliveries) => {
      await harness.queue.send(deliveries);
      throw new Error('killed');
    };
    await expect(harness.run({ queue: { send } })).rejects.toThrow('killed');
    harness.heldFrom[0] = 150;
    const outcome = await harness.run();
    expect(outcome).toMatchObject({ kind: 'failed', replay: { error: 'range-gone' } });
    expect(harness.sent()).toEqual(ids(0, [0, 500]));
    expect('replay' in outcome && replayTotals(outcome.replay)).toEqual({ read: 350, matched: 350, queued: 350, skipped: 0, gone: 150 });
  });

  it('waits for a log that says of a record both that it is there and that it is gone', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1)]));
    await harness.create();
    const log = { ...harness.parts.log, read: () => Promise.resolve('gone' as const) };
    await expect(harness.run({ log })).rejects.toMatchObject({ code: 'CHANGE_LOG_UNAVAILABLE' });
    expect(await harness.run()).toMatchObject({ kind: 'done' });
  });
});

describe('a change that is in the log twice', () => {
  it('is as new as its first copy, as it was live: what came between the two is newer', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1), deactivated('ana', 1), activated('ana', 1, { copyOf: 0 })]));
    await harness.create();
    await harness.run();
    expect(harness.sent()).toEqual(['0-1']);
  });

  it('is sent once, under the sequence of its first copy', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1), deactivated('bo', 1), activated('ana', 1, { copyOf: 0 })]));
    await harness.create();
    await harness.run();
    expect(harness.sent()).toEqual(['0-0', '0-1']);
    expect(harness.queue.taken[0]?.message.change.sequence).toMatch(/-0{19}$/);
  });

  it.each([
    ['passes for the newest of its millisecond', 1, '0-0'],
    ['is not newer than what has a later time', 2, '0-1'],
  ])('%s when its first copy lies before the window (decision 10)', async (_, at, newest) => {
    const first = activated('ana', 1, { appended: -1 });
    const harness = new ReplayHarness(logOf([first, deactivated('ana', at), activated('ana', 1, { copyOf: 0 })]));
    await harness.create();
    await harness.run();
    expect(harness.sent()).toEqual([newest]);
  });

  it.each([
    ['a fact', fact('ana', 1), false],
    ['a state in a full replay', activated('ana', 1), true],
  ])('is one delivery and counts twice as %s', async (_, change, full) => {
    const harness = new ReplayHarness(logOf([change, { ...change, copyOf: 0 }]));
    await harness.create({ full });
    const outcome = await harness.run();
    expect(harness.sent()).toEqual(['0-0']);
    expect('replay' in outcome && replayTotals(outcome.replay).queued).toBe(2);
  });
});

describe('a replay that meets an outage', () => {
  it('throws, and goes on later with the range of its first run', async () => {
    const log = logOf([activated('ana', 1), activated('bo', 2)]);
    const harness = new ReplayHarness(log);
    await harness.create();
    const away = new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'away');
    await expect(harness.run({ queue: { send: () => Promise.reject(away) } })).rejects.toBe(away);
    log[0]?.push(recordOf(0, 2, activated('cy', 3)));
    expect(await harness.run()).toMatchObject({ kind: 'done' });
    expect(harness.sent()).toEqual(['0-0', '0-1']);
  });

  it('does not take a delivery for sent that the queue did not take', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1)]));
    await harness.create();
    const queue = { send: () => Promise.resolve({ notSent: [0], refused: [] }) };
    await expect(harness.run({ queue })).rejects.toMatchObject({ code: 'DELIVERY_QUEUE_UNAVAILABLE' });
    await harness.run();
    expect(harness.sent()).toEqual(['0-0']);
  });

  it('lets go of the log however it ends', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1)]));
    await harness.create();
    let closed = 0;
    const log = { ...harness.parts.log, read: () => Promise.reject(new Error('lost')), close: () => Promise.resolve(void (closed += 1)) };
    await expect(harness.run({ log })).rejects.toThrow('lost');
    expect(closed).toBe(1);
  });
});

describe('two runs of one replay', () => {
  it('end with the later one: the earlier stops at its next note', async () => {
    const harness = new ReplayHarness(logOf([activated('ana', 1), activated('bo', 2)]));
    await harness.create();
    const send: typeof harness.queue.send = async (deliveries) => {
      await harness.parts.store.begin(replayId);
      return harness.queue.send(deliveries);
    };
    expect(await harness.run({ queue: { send } })).toMatchObject({ kind: 'lost' });
    expect(await harness.run()).toMatchObject({ kind: 'done' });
    expect(harness.sent()).toEqual(['0-0', '0-1']);
  });
});
