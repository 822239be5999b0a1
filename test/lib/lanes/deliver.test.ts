import { beforeEach, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import { deliveryIdOf } from '#lib/delivery/delivery.ts';
import { replayIdSchema } from '#lib/delivery/replay-mark.ts';
import { RelayError } from '#lib/errors.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { answered, DeliverHarness, received, signingSecret, withCalls } from './deliver-harness.ts';
import { acme, deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const plenty = () => 60_000;
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const run = (messages: ReceivedMessage[], replacing: Partial<DeliverParts> = {}, remainingMs = plenty) =>
  deliver(harness.parts(replacing), messages, remainingMs);
const change = (id: string) => deliveryMessage({ change: id, type: 'identity.user.updated' });

describe('delivering a batch', () => {
  it('sends each change once, signed, as CloudEvents, with the id of the change', async () => {
    harness.nowMs = Date.now();
    const { failures, counts } = await run([received('1', 'g', change('c-1')), received('2', 'h', change('c-2'))]);
    expect(failures).toEqual([]);
    expect(counts).toMatchObject({ delivered: 2, waits: 0, handedBack: 0 });
    expect(harness.sentIds()).toEqual(['c-1', 'c-2']);
    const [request] = harness.sent;
    expect(request?.headers['content-type']).toBe('application/cloudevents+json');
    expect(request).toMatchObject({ url: 'https://hooks.example.com/identity', timeoutMs: 15_000 });
    expect(new Webhook(signingSecret).verify(Buffer.from(request?.body ?? []).toString(), request?.headers ?? {})).toEqual(
      change('c-1').change,
    );
    expect(harness.recordOf('c-1')).toMatchObject({
      status: 'delivered',
      attempts: [{ time: new Date(harness.nowMs).toISOString(), status: 204, latencyMs: 12, error: null }],
    });
  });

  it('deletes a repeat of what was delivered without sending it', async () => {
    const { failures, counts } = await run([received('1', 'g', change('c-1')), received('2', 'g', change('c-1'))]);
    expect([failures, harness.sentIds(), counts.duplicate]).toEqual([[], ['c-1'], 1]);
  });

  it('measures from Okta’s published to the 2xx, removals for themselves as well, and neither what failed nor what is sent again', async () => {
    const leaver = deliveryMessage({ change: 'leaver' });
    const replay = { id: replayIdSchema.parse('rpl_01kaq8v1c0f3zq6m2x7w9ystrb'), full: false };
    const again = { ...deliveryMessage({ change: 'again' }), delivery: deliveryIdOf(payrollId, acme, 'again', replay.id), replay };
    harness.nowMs = Date.parse(leaver.change.time) + 90_000;
    harness.answer = ({ headers }) => {
      harness.nowMs += 1_500;
      return answered(headers['webhook-id'] === 'failing' ? 503 : 204);
    };
    await run([received('1', 'g', leaver)]);
    await run([received('2', 'g', change('c-1'))]);
    await run([received('3', 'h', deliveryMessage({ change: 'failing' }))]);
    await run([received('4', 'i', again)]);
    expect(harness.measured.filter(({ name }) => name.endsWith('Ms'))).toEqual([
      { name: 'DeliveryLatencyMs', value: 91_500, subscription: payrollId },
      { name: 'RemovalLatencyMs', value: 91_500, subscription: payrollId },
      { name: 'DeliveryLatencyMs', value: 93_000, subscription: payrollId },
    ]);
    expect(harness.sentIds()).toEqual(['leaver', 'c-1', 'failing', 'again']);
  });

  it('holds back what is behind a failure, and lets other groups go on', async () => {
    harness.answer = ({ headers }) => answered(headers['webhook-id'] === 'a-2' ? 503 : 200);
    const batch = ['a-1', 'b-1', 'a-2', 'b-2', 'a-3', 'a-4'].map((id) => received(id, id.slice(0, 1), change(id)));
    const { failures, counts, reasons } = await run(batch);
    expect(failures).toEqual(['a-2', 'a-3', 'a-4']);
    expect(harness.sentIds().toSorted()).toEqual(['a-1', 'a-2', 'b-1', 'b-2']);
    expect(counts).toMatchObject({ delivered: 3, waits: 1, handedBack: 2 });
    expect(reasons).toEqual(['status-503']);
  });

  it('counts an attempt that failed once, however often its delivery comes back before the next one is due', async () => {
    harness.answer = () => answered(503);
    expect((await run([received('1', 'g', change('c-1'))])).counts.failing).toBe(1);
    harness.nowMs += 1_000;
    expect(await run([received('1', 'g', change('c-1'))])).toMatchObject({
      failures: ['1'],
      reasons: ['not-yet'],
      counts: { failing: 0, waits: 1 },
    });
    const failed = () => harness.measured.filter(({ name }) => name === 'Failed');
    expect([harness.sent.length, failed()]).toEqual([1, [{ name: 'Failed', value: 1, subscription: payrollId }]]);
    harness.nowMs += 5_000;
    expect((await run([received('1', 'g', change('c-1'))])).counts.failing).toBe(1);
    expect([harness.sent.length, failed().length]).toEqual([2, 2]);
  });

  it('gives back what is behind from the end, and sets the head’s wait last', async () => {
    harness.answer = () => answered(500);
    await run(['1', '2', '3'].map((id) => received(id, 'g', change(`c-${id}`))));
    expect(harness.visibility).toEqual([
      { handle: 'handle-3', seconds: 0 },
      { handle: 'handle-2', seconds: 0 },
      { handle: 'handle-1', seconds: 5 },
    ]);
  });

  it('parks what must wait longer than the queue is for, and works its lane when it is released', async () => {
    harness.answer = () => answered(503, '86400');
    const { failures, counts } = await run([received('1', 'g', change('c-1')), received('2', 'g', change('c-2'))]);
    expect([failures, counts.parked, harness.visibility]).toEqual([[], 2, []]);
    expect(harness.recordOf('c-1')).toMatchObject({ status: 'parked', nextAttemptAt: new Date(harness.nowMs + 86_400_000).toISOString() });
    expect(harness.recordOf('c-2')).toMatchObject({ status: 'parked', attempts: [] });
    harness.nowMs += 86_399_000;
    expect(await harness.releases()).toEqual([]);
    harness.nowMs += 1_000;
    harness.answer = () => answered(200);
    expect((await run(await harness.releases())).failures).toEqual([]);
    expect(harness.sentIds()).toEqual(['c-1', 'c-1', 'c-2']);
    expect(harness.recordOf('c-1')).toMatchObject({ status: 'delivered', attempts: [{ status: 503 }, { status: 200 }] });
  });

  it('waits for the lease of another instance', async () => {
    const { store, nowMs } = harness;
    await store.claim({ message: change('c-1'), lease: 'another', now: new Date(nowMs), leaseMs: 7_001 });
    const { failures, reasons } = await run([received('1', 'g', change('c-1'))]);
    expect([failures, harness.sent.length, reasons]).toEqual([['1'], 0, ['leased']]);
    expect(harness.visibility).toEqual([{ handle: 'handle-1', seconds: 8 }]);
  });

  it('gives a change up after ten attempts in the three days of the schedule, and goes on with the next', async () => {
    harness.answer = ({ headers }) => answered(headers['webhook-id'] === 'c-1' ? 500 : 200);
    const startedAt = harness.nowMs;
    const batch = [received('1', 'g', change('c-1')), received('2', 'g', change('c-2'))];
    expect((await run(batch)).failures).toEqual(['1', '2']);
    harness.nowMs += 5_000;
    expect((await run(batch)).failures).toEqual([]);
    for (let attempt = 3; attempt <= 10; attempt += 1) {
      expect(harness.recordOf('c-1')?.status).toBe('parked');
      harness.nowMs = Date.parse(harness.recordOf('c-1')?.nextAttemptAt ?? '');
      await run(await harness.releases());
    }
    expect(harness.recordOf('c-1')).toMatchObject({ status: 'dead', reason: 'exhausted' });
    expect(harness.recordOf('c-1')?.attempts).toHaveLength(10);
    // 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 hours.
    expect(harness.nowMs - startedAt).toBe(5_000 + 35 * 60_000 + 75 * 3_600_000);
    expect(harness.recordOf('c-2')?.status).toBe('delivered');
    expect(harness.sentIds().filter((id) => id === 'c-2')).toHaveLength(1);
  });

  it.each([400, 404, 409, 413, 422])('gives a change up after three answers of %i within 35 minutes', async (status) => {
    harness.answer = () => answered(status);
    const startedAt = harness.nowMs;
    expect((await run([received('1', 'g', change('c-1'))])).failures).toEqual([]);
    for (const wait of [5 * 60, 29 * 60]) {
      expect(harness.recordOf('c-1')?.nextAttemptAt).toBe(new Date(harness.nowMs + wait * 1_000).toISOString());
      harness.nowMs += wait * 1_000;
      await run(await harness.releases());
    }
    expect(harness.recordOf('c-1')).toMatchObject({ status: 'dead', attempts: [{ status }, { status }, { status }] });
    expect(harness.nowMs - startedAt).toBeLessThanOrEqual(35 * 60_000);
  });

  it('disables the subscription on 410 and does not try again', async () => {
    harness.answer = () => answered(410);
    expect(await run([received('1', 'g', change('c-1'))])).toMatchObject({ failures: [], counts: { dead: 1 }, reasons: ['status-410'] });
    expect(await harness.subscriptions.find(payrollId)).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    expect(harness.recordOf('c-1')).toMatchObject({ status: 'dead', attempts: [{ status: 410 }] });
  });

  it('cancels what is owed to a deleted subscription', async () => {
    harness.subscriptions.clear();
    expect(await run([received('1', 'g', change('c-1'))])).toMatchObject({ failures: [], counts: { cancelled: 1 } });
    expect([harness.recordOf('c-1')?.status, harness.sent]).toEqual(['cancelled', []]);
  });

  it('gives up what is owed to a disabled subscription', async () => {
    await harness.subscriptions.setStatus(payrollId, { status: 'disabled', from: ['active'], at: new Date(harness.nowMs) });
    expect(await run([received('1', 'g', change('c-1'))])).toMatchObject({
      failures: [],
      counts: { dead: 1 },
      reasons: ['subscription-disabled'],
    });
    expect([harness.recordOf('c-1')?.status, harness.sent]).toEqual(['dead', []]);
  });

  it('puts what it cannot read into quarantine and goes on', async () => {
    const { failures } = await run([received('1', 'g', '{"v":9}'), received('2', 'g', change('c-2'))]);
    expect([failures, harness.sentIds()]).toEqual([[], ['c-2']]);
    expect(harness.quarantined).toMatchObject([{ reason: 'delivery-unreadable', body: Buffer.from('{"v":9}') }]);
  });

  it('begins nothing without the time to end it', async () => {
    let remaining = 30_000;
    harness.answer = () => {
      remaining -= 6_000;
      return answered(200);
    };
    const { failures, counts } = await run(
      ['1', '2', '3'].map((id) => received(id, 'g', change(`c-${id}`))),
      {},
      () => remaining,
    );
    expect([failures, harness.sentIds(), counts.handedBack]).toEqual([['2', '3'], ['c-1'], 2]);
    expect(harness.visibility).toEqual([
      { handle: 'handle-3', seconds: 0 },
      { handle: 'handle-2', seconds: 0 },
    ]);
  });
});

describe('when our own infrastructure fails', () => {
  const down = (code: 'DELIVERY_STORE_UNAVAILABLE' | 'KEY_UNAVAILABLE' | 'SUBSCRIPTION_STORE_UNAVAILABLE' | 'QUARANTINE_UNAVAILABLE') =>
    new RelayError(code, 'down');
  const batch = () => [received('1', 'g', change('c-1')), received('2', 'g', change('c-2'))];

  it.each<[string, (parts: DeliverParts) => Partial<DeliverParts>]>([
    ['the subscription store', () => ({ subscriptions: { find: () => Promise.reject(down('SUBSCRIPTION_STORE_UNAVAILABLE')) } })],
    ['the key', () => ({ secrets: { open: () => Promise.reject(down('KEY_UNAVAILABLE')) } })],
    [
      'the delivery store',
      (parts) => ({
        store: withCalls<DeliverParts['store']>(parts.store, { claim: () => Promise.reject(down('DELIVERY_STORE_UNAVAILABLE')) }),
      }),
    ],
    ['something nobody thought of', () => ({ secrets: { open: () => Promise.reject(new TypeError('a bug')) } })],
  ])('%s: the group waits shortly, whole and unsent', async (_, replacing) => {
    const { failures, errors } = await run(batch(), replacing(harness.parts()));
    expect([failures, harness.sent, errors.length]).toEqual([['1', '2'], [], 1]);
    expect(harness.visibility).toEqual([
      { handle: 'handle-2', seconds: 0 },
      { handle: 'handle-1', seconds: 10 },
    ]);
    expect(harness.store.rows.size).toBe(0);
  });

  it('other groups go on', async () => {
    const secrets = {
      open: (_: unknown, { owner }: { owner: string }) =>
        owner === payrollId ? Promise.resolve(signingSecret) : Promise.reject(down('KEY_UNAVAILABLE')),
    };
    const other = storedSubscription(2);
    await harness.subscriptions.create(other);
    const messages = [received('1', 'g', deliveryMessage({ change: 'c-1', subscription: other.id })), received('2', 'h', change('c-2'))];
    expect(await run(messages, { secrets })).toMatchObject({ failures: ['1'], counts: { delivered: 1 } });
  });

  it('keeps an unreadable message until the quarantine has it', async () => {
    const quarantine = { keep: () => Promise.reject(down('QUARANTINE_UNAVAILABLE')) };
    expect((await run([received('1', 'g', 'x')], { quarantine })).failures).toEqual(['1']);
  });

  it('a record lost after a 2xx brings the same webhook again, under the same id', async () => {
    let down = true;
    const parts = harness.parts();
    const store = withCalls<DeliverParts['store']>(parts.store, {
      settle: (settlement) =>
        down ? Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'down')) : harness.store.settle(settlement),
    });
    expect((await run([received('1', 'g', change('c-1'))], { store })).failures).toEqual(['1']);
    down = false;
    harness.nowMs += 30_000;
    expect((await run([received('1', 'g', change('c-1'))], { store })).failures).toEqual([]);
    expect(harness.sentIds()).toEqual(['c-1', 'c-1']);
  });

  it('keeps the message when another instance took the delivery over during the attempt', async () => {
    harness.answer = async () => {
      harness.nowMs += 30_000;
      await harness.store.claim({ message: change('c-1'), lease: 'another', now: new Date(harness.nowMs), leaseMs: 20_000 });
      return answered(200);
    };
    expect(await run([received('1', 'g', change('c-1')), received('2', 'g', change('c-2'))])).toMatchObject({
      failures: ['1', '2'],
      reasons: ['lost-claim'],
    });
    expect(harness.sentIds()).toEqual(['c-1']);
  });

  it('reports every message even when the queue cannot be told to wait', async () => {
    harness.answer = () => answered(503);
    const visibility = { change: () => Promise.reject(new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'down')) };
    expect(await run(batch(), { visibility })).toMatchObject({ failures: ['1', '2'], errors: [{ code: 'DELIVERY_QUEUE_UNAVAILABLE' }] });
  });
});
