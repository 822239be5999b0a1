import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver } from '#lib/lanes/deliver.ts';
import { attemptErrors, type Delivery } from '#lib/delivery/delivery.ts';
import { RelayError } from '#lib/errors.ts';
import { answered, DeliverHarness, received, withCalls } from './deliver-harness.ts';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const person = 'users/00u10r4h1xAe2TIcx4x7';
/** A change that happened at this second, by its Kafka offset too. */
const sequence = (second: number) => `17952659${String(second).padStart(5, '0')}-${String(second).padStart(19, '0')}`;
const status = (type: string, second: number) =>
  deliveryMessage({ change: `${type}-${second}`, type: `identity.user.${type}`, stateKey: `${person}/status`, sequence: sequence(second) });
const membership = (second: number, stateKey = `${person}/groups/00g10rdyamywSK8Pw4x7`) =>
  deliveryMessage({ change: `member_added-${second}`, type: 'identity.group.member_added', stateKey, sequence: sequence(second) });

let harness: DeliverHarness;
let count = 0;
beforeEach(() => {
  harness = new DeliverHarness();
});
const run = (messages: ReturnType<typeof deliveryMessage>[], replacing: Partial<DeliverParts> = {}) =>
  deliver(
    harness.parts(replacing),
    messages.map((message) => received(`m-${(count += 1)}`, 'lane', message)),
    () => 60_000,
  );
/** After a 410. */
const resume = () => harness.subscriptions.setStatus(payrollId, { status: 'active', from: ['disabled'], at: new Date(harness.nowMs) });
const recordOf = (change: string): Delivery | undefined => [...harness.store.rows.values()].find((row) => row.change === change);

describe('a change whose state has already moved further', () => {
  it('is recorded as superseded, without a request and an attempt, and the lane goes on', async () => {
    const { failures, counts } = await run([status('deactivated', 9), status('activated', 4), status('activated', 12)]);
    expect([failures, harness.sentIds()]).toEqual([[], ['deactivated-9', 'activated-12']]);
    expect(counts).toMatchObject({ delivered: 2, superseded: 1, waits: 0 });
    expect(recordOf('activated-4')).toMatchObject({ status: 'superseded', attempts: [], nextAttemptAt: null });
  });

  it('is a duplicate when it comes again', async () => {
    const { counts } = await run([status('deactivated', 9), status('activated', 4), status('activated', 4)]);
    expect(counts).toMatchObject({ superseded: 1, duplicate: 1 });
  });

  it('is superseded on its second attempt too, with its first on record', async () => {
    harness.answer = () => answered(503);
    const older = [status('activated', 4)];
    await run(older);
    harness.answer = () => answered(200);
    // In another group of the queue, as a replay brings it.
    await run([status('deactivated', 9)]);
    harness.nowMs += 60_000;
    expect((await run(older)).counts).toMatchObject({ superseded: 1 });
    expect(recordOf('activated-4')).toMatchObject({ status: 'superseded', attempts: [{ status: 503 }] });
  });

  it.each(attemptErrors)(
    'is superseded when the newer one ended in %s after its request had begun, for it may have arrived',
    async (error) => {
      harness.answer = () => ({ kind: 'failed', error, detail: '', latencyMs: 1, mayHaveArrived: true });
      await run([status('deactivated', 9)]);
      harness.answer = () => answered(200);
      // In another group of the queue, while the newer one waits for its next attempt.
      expect((await run([status('activated', 4)])).counts).toMatchObject({ superseded: 1, delivered: 0 });
    },
  );

  it.each(attemptErrors)(
    'is sent when the newer one ended in %s before its request had begun, for it cannot have arrived',
    async (error) => {
      harness.answer = () => ({ kind: 'failed', error, detail: '', latencyMs: 1, mayHaveArrived: false });
      await run([status('deactivated', 9)]);
      harness.answer = () => answered(200);
      expect((await run([status('activated', 4)])).counts).toMatchObject({ delivered: 1, superseded: 0 });
    },
  );

  it.each([408, 502, 504, 524])('is superseded when a gateway answered %i for the newer one', async (code) => {
    harness.answer = () => answered(code);
    await run([status('deactivated', 9)]);
    harness.answer = () => answered(200);
    expect((await run([status('activated', 4)])).counts).toMatchObject({ superseded: 1, delivered: 0 });
  });

  it('is superseded when a try before the one that the receiver answered 503 was cut off', async () => {
    harness.answer = () => ({ ...answered(503), mayHaveArrived: true });
    await run([status('deactivated', 9)]);
    harness.answer = () => answered(200);
    expect((await run([status('activated', 4)])).counts).toMatchObject({ superseded: 1, delivered: 0 });
  });

  it('is sent after all when the newer one failed for good', async () => {
    harness.answer = ({ headers }) => answered(headers['webhook-id'] === 'deactivated-9' ? 410 : 200);
    await run([status('deactivated', 9)]);
    await resume();
    await run([status('activated', 4)]);
    expect(recordOf('deactivated-9')?.status).toBe('dead');
    expect(recordOf('activated-4')?.status).toBe('delivered');
  });

  it('is sent when it is a fact', async () => {
    const fact = deliveryMessage({ change: 'password_changed-4', type: 'identity.user.password_changed', sequence: sequence(4) });
    expect((await run([status('deactivated', 9), fact])).counts).toMatchObject({ delivered: 2 });
  });

  it('is sent when it is about another state', async () => {
    const lock = deliveryMessage({ change: 'locked-4', type: 'identity.user.locked', stateKey: `${person}/lock`, sequence: sequence(4) });
    expect((await run([status('deactivated', 9), lock])).counts).toMatchObject({ delivered: 2 });
  });
});

describe('a deleted user', () => {
  it('does not come back by any older change of any of their states', async () => {
    const app = deliveryMessage({ change: 'user_assigned-8', type: 'identity.app.user_assigned', stateKey: `${person}/apps/0oa1`, sequence: sequence(8) }); // prettier-ignore
    const { counts } = await run([status('deleted', 9), status('activated', 4), membership(7), app]);
    expect([harness.sentIds(), counts.superseded]).toEqual([['deleted-9'], 3]);
  });

  it('stays deleted when the deletion comes again', async () => {
    await run([status('deleted', 9)]);
    const repeat = deliveryMessage({ change: 'again', type: 'identity.user.deleted', stateKey: `${person}/status`, sequence: sequence(9) });
    await run([repeat, membership(7)]);
    expect(harness.sentIds()).toEqual(['deleted-9', 'again']);
  });

  it('is still told of what happened after the deletion', async () => {
    await run([status('deleted', 9), membership(10)]);
    expect(harness.sentIds()).toEqual(['deleted-9', 'member_added-10']);
  });

  it('takes nobody else along', async () => {
    await run([status('deleted', 9), membership(7, `${person}9/groups/00g1`), membership(6, `groups/${person.slice(6)}/apps/0oa1`)]);
    expect(harness.sent).toHaveLength(3);
  });

  it('may come back when nobody was told of the deletion', async () => {
    harness.answer = ({ headers }) => answered(headers['webhook-id'] === 'deleted-9' ? 410 : 200);
    await run([status('deleted', 9)]);
    await resume();
    await run([membership(7), status('activated', 4)]);
    expect(recordOf('member_added-7')?.status).toBe('delivered');
    expect(recordOf('activated-4')?.status).toBe('delivered');
  });

  it('is not deleted a second time by an older deletion', async () => {
    await run([status('activated', 12), status('deleted', 9), membership(7)]);
    expect(harness.sentIds()).toEqual(['activated-12', 'member_added-7']);
  });
});

describe('a process that dies around the 2xx', () => {
  const unreachable = () => Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down'));
  const deaf = (leave: DeliverParts['guard']['leave']): DeliverParts['guard'] => ({
    look: (...of) => harness.guard.look(...of),
    enter: (passage) => harness.guard.enter(passage),
    leave,
  });

  it('before its record: the newer one is repeated, and nothing older passes meanwhile', async () => {
    const store = withCalls<DeliverParts['store']>(harness.store, { settle: unreachable });
    const newer = [status('deactivated', 9)];
    expect((await run(newer, { store })).failures).toHaveLength(1);
    expect(recordOf('deactivated-9')?.status).toBe('pending');
    const [older, oldest] = [[status('activated', 4)], [status('activated', 3)]];
    expect(await run(older)).toMatchObject({ counts: { waits: 1 }, reasons: ['state-busy'] });
    expect(harness.visibility.at(-1)).toMatchObject({ seconds: 1 });
    harness.nowMs += 30_000;
    expect((await run(older)).counts).toMatchObject({ superseded: 1 });
    expect((await run(newer)).counts).toMatchObject({ delivered: 1 });
    expect((await run(oldest)).counts).toMatchObject({ superseded: 1 });
    expect(harness.sentIds()).toEqual(['deactivated-9', 'deactivated-9']);
  });

  it('before the guard has seen it: nothing is repeated, and nothing older passes', async () => {
    const newer = [status('deactivated', 9)];
    expect(await run(newer, { guard: deaf(unreachable) })).toMatchObject({ failures: [expect.any(String)], errors: [{}] });
    expect((await run([status('activated', 4)])).counts).toMatchObject({ waits: 1 });
    harness.nowMs += 30_000;
    expect((await run([status('activated', 4), ...newer, status('activated', 12)])).counts).toMatchObject({
      superseded: 1,
      duplicate: 1,
      delivered: 1,
    });
    expect(harness.sentIds()).toEqual(['deactivated-9', 'activated-12']);
  });

  it('during a deletion: nothing of the user passes', async () => {
    const guard = deaf((passage, end) => (passage.stateKey.endsWith('/status') ? unreachable() : harness.guard.leave(passage, end)));
    await run([status('deleted', 9)], { guard });
    expect((await run([membership(7)])).counts).toMatchObject({ superseded: 1 });
    harness.nowMs += 30_000;
    expect((await run([status('activated', 4)])).counts).toMatchObject({ superseded: 1 });
    expect(harness.sentIds()).toEqual(['deleted-9']);
  });

  it('after a failure that the guard has seen but no record: an older one passes, the newer one is repeated', async () => {
    harness.answer = () => answered(503);
    const parts = harness.parts();
    await run([status('deactivated', 9)], { store: { ...parts.store, claim: (of) => harness.store.claim(of), settle: unreachable } });
    harness.answer = () => answered(200);
    expect((await run([status('activated', 4)])).counts).toMatchObject({ delivered: 1 });
    harness.nowMs += 30_000;
    expect((await run([status('deactivated', 9)])).counts).toMatchObject({ delivered: 1 });
  });
});

describe('a stale guard that cannot be reached', () => {
  it('leaves the delivery owed, sends nothing on old knowledge and raises the alarm', async () => {
    const down = () => Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down'));
    const messages = [membership(7), membership(8)];
    const { failures, errors } = await run(messages, { guard: { look: down, enter: down, leave: down } });
    expect([failures.length, harness.sent.length, errors]).toMatchObject([2, 0, [{ code: 'DELIVERY_STORE_UNAVAILABLE' }]]);
    harness.nowMs += 30_000;
    expect((await run(messages)).counts).toMatchObject({ delivered: 2 });
  });
});

describe('one state in several groups of the queue', () => {
  const beside = (messages: ReturnType<typeof deliveryMessage>[]) =>
    deliver(
      harness.parts(),
      messages.map((message, index) => received(`m-${index}`, `group-${index}`, message)),
      () => 60_000,
    );

  it('is sent for one change at a time: a newer one waits for what is in flight, an older one is never sent behind it', async () => {
    let inFlight = 0;
    harness.answer = async () => {
      inFlight += 1;
      expect(inFlight).toBe(1);
      await Promise.resolve();
      inFlight -= 1;
      return answered(200);
    };
    const changes = [status('activated', 4), status('deactivated', 9), status('suspended', 6)];
    for (let round = 0; round < 4; round += 1) {
      await beside(changes);
      harness.nowMs += 1_000;
    }
    expect(harness.sentIds().at(-1)).toBe('deactivated-9');
    expect(harness.sentIds()).toEqual(harness.sentIds().toSorted((a, b) => Number(a.split('-')[1]) - Number(b.split('-')[1])));
    expect([...harness.store.rows.values()].filter(({ status }) => status === 'pending')).toEqual([]);
  });
});
