import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { deliveryMessageSchema } from '#lib/delivery/delivery.ts';
import { readDeliveryMessage } from '#lib/delivery/read-delivery-message.ts';
import { webhookBody } from '#lib/webhooks/webhook-body.ts';
import { changeAbout, recordOf, subscriptionNamed } from '../../support/deliveries.ts';
import { memoryDeliveryQueue } from '../../support/memory-delivery-queue.ts';
import { fanOutWith, memoryQuarantine } from './fan-out-parts.ts';

const payroll = subscriptionNamed('payroll');
const badges = subscriptionNamed('badges');
const garbage = Buffer.from('not a change');
/** Records of partition 0 from offset 10 on, one for each user. */
const records = (...users: string[]) =>
  users.map((user, n) => recordOf({ partition: 0, offset: 10 + n }, changeAbout(user, `${user}-${n}`)));
const unavailable = new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'The queue is away');

describe('fanOut', () => {
  it('owes each change to every active subscription that it matches', async () => {
    const queue = memoryDeliveryQueue();
    const subscriptions = [
      payroll,
      subscriptionNamed('groups', { types: ['identity.group.*'] }),
      subscriptionNamed('elsewhere', { orgs: ['other'] }),
      subscriptionNamed('filtered', { filter: 'user.id eq "ana"' }),
      subscriptionNamed('gone', { status: 'disabled' }),
    ];

    const result = await fanOutWith({ records: records('ana', 'ben'), subscriptions, queue });

    expect(queue.taken.map(({ message }) => [message.subscription.replace(/^sub_0+/, ''), message.change.id])).toEqual([
      ['payroll', 'ana-0'],
      ['filtered', 'ana-0'],
      ['payroll', 'ben-1'],
    ]);
    expect(result).toEqual({ resumePoints: new Map(), records: 2, partitions: 1, deliveries: 3, quarantined: 0, failures: [] });
  });

  it('sends messages that deliver can read, with the sequence and the trace', async () => {
    const queue = memoryDeliveryQueue();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const record = recordOf({ partition: 0, offset: 10 }, changeAbout('ana', 'one'), {
      headers: [{ name: 'traceparent', value: Buffer.from(traceparent) }],
    });

    await fanOutWith({ records: [record], subscriptions: [payroll], queue });

    expect(deliveryMessageSchema.parse(queue.taken[0]?.message)).toMatchObject({
      org: 'acme',
      traceparent,
      change: { id: 'one', sequence: '1795265922340-0000000000000000010' },
    });
  });

  it('queues of a change only what the subscription asks for, once its filter has seen all of it', async () => {
    const queue = memoryDeliveryQueue();
    const whole = changeAbout('ana', 'one');
    const named = { id: 'ana', userName: 'ana@example.com', displayName: 'Ana Ito' };
    const data = { ...whole.data, user: named, okta: { eventType: 'user.lifecycle.activate', event: { client: '192.0.2.7' } } };
    const record = recordOf({ partition: 0, offset: 10 }, { ...whole, data, note: 'stray' });
    const filter = 'user.displayName eq "Ana Ito"';
    const minimal = subscriptionNamed('minimal', { filter, format: 'minimal' });
    const narrowed = subscriptionNamed('narrowed', { filter, attributes: ['user.userName'] });

    await fanOutWith({ records: [record], subscriptions: [minimal, narrowed, payroll], queue });

    const [one, two, three] = queue.taken.map((queued) => queued.message);
    expect(queue.taken).toHaveLength(3);
    expect(JSON.stringify(one)).not.toMatch(/example\.com|Ito|192\.0\.2\.7|stray/);
    expect(JSON.stringify(two)).not.toMatch(/Ito|192\.0\.2\.7|stray/);
    expect(two?.change.data.user).toEqual({ id: 'ana', userName: 'ana@example.com' });
    expect(three?.change).toEqual({ ...whole, data, note: 'stray', sequence: three?.change.sequence });
    // What the relay itself goes by is in each of them, and each reads as what it was queued as.
    for (const message of [one, two]) {
      const { statekey, partitionkey, sequence, time, type, id } = three!.change;
      expect(message?.change).toMatchObject({ statekey, partitionkey, sequence, time, type, id });
      const read = readDeliveryMessage(JSON.stringify(message), new Date(0));
      expect(read).toEqual({ kind: 'readable', message });
      const sent = webhookBody(message!.change, message === one ? minimal : narrowed);
      expect(JSON.parse(Buffer.from(sent).toString('utf8'))).toEqual(message!.change);
    }
  });

  it('takes the records of a partition in offset order, however they come', async () => {
    const queue = memoryDeliveryQueue();

    await fanOutWith({ records: records('ana', 'ana', 'ana').toReversed(), subscriptions: [payroll], queue });

    expect(queue.taken.map(({ message }) => message.change.id)).toEqual(['ana-0', 'ana-1', 'ana-2']);
  });

  it('is done with records that nobody is owed', async () => {
    const queue = memoryDeliveryQueue();

    const result = await fanOutWith({ records: records('ana', 'ben'), subscriptions: [], queue });

    expect(result.resumePoints).toEqual(new Map());
  });

  it('keeps a record it cannot read in quarantine and moves on', async () => {
    const queue = memoryDeliveryQueue();
    const quarantine = memoryQuarantine();
    const batch = [
      ...records('ana'),
      recordOf({ partition: 0, offset: 11 }, garbage, { key: Buffer.from('acme:x') }),
      recordOf({ partition: 0, offset: 12 }, null),
      recordOf({ partition: 0, offset: 13 }, changeAbout('ben', 'ben-0')),
    ];

    const result = await fanOutWith({ records: batch, subscriptions: [payroll], queue, quarantine });

    expect(result).toMatchObject({ resumePoints: new Map(), deliveries: 2, quarantined: 2 });
    const [unreadable, empty] = [...quarantine.kept.values()];
    expect(unreadable).toMatchObject({ org: 'acme', reason: 'record-unreadable', receivedAt: new Date('2026-11-21T12:58:52.700Z') });
    expect(unreadable?.id).toMatch(/^[a-z0-9-]{1,64}$/);
    expect(Buffer.from(unreadable?.body ?? []).equals(garbage)).toBe(true);
    expect(unreadable?.detail).toContain('identity.changes.v1-0 at offset 11');
    expect(empty).toMatchObject({ org: 'unknown', reason: 'record-unreadable', body: new Uint8Array() });
  });

  it.each([
    ['of 257 KiB', { note: 'x'.repeat(257 * 1_024) }],
    ['with a type of 300 KB', { type: `okta.${'x'.repeat(300_000)}` }],
    ['with a type of 200 KB', { type: `okta.${'x'.repeat(200_000)}` }],
  ])('keeps a record %s in quarantine, whole, and moves on', async (_, members) => {
    const queue = memoryDeliveryQueue();
    const quarantine = memoryQuarantine();
    const large = Buffer.from(JSON.stringify({ ...changeAbout('ana', 'large'), ...members }));
    const batch = [recordOf({ partition: 0, offset: 9 }, large), ...records('ana')];

    const result = await fanOutWith({ records: batch, subscriptions: [payroll], queue, quarantine });

    expect(result).toMatchObject({ resumePoints: new Map(), deliveries: 1, quarantined: 1 });
    expect([...quarantine.kept.values()]).toMatchObject([{ reason: 'record-unreadable', body: large }]);
    expect(queue.taken.map(({ message }) => message.change.id)).toEqual(['ana-0']);
  });

  it('makes one quarantine entry of a record that is read again', async () => {
    const quarantine = memoryQuarantine();
    const batch = [recordOf({ partition: 0, offset: 11 }, garbage)];

    await fanOutWith({ records: batch, subscriptions: [payroll], queue: memoryDeliveryQueue(), quarantine });
    await fanOutWith({ records: batch, subscriptions: [payroll], queue: memoryDeliveryQueue(), quarantine });

    expect(quarantine.kept.size).toBe(1);
  });

  it('stops a partition at the record that the quarantine does not take, after sending what is before it', async () => {
    const queue = memoryDeliveryQueue();
    const batch = [
      ...records('ana'),
      recordOf({ partition: 0, offset: 11 }, garbage),
      recordOf({ partition: 1, offset: 70 }, changeAbout('cem', 'cem-0')),
    ];

    const result = await fanOutWith({ records: batch, subscriptions: [payroll], queue, quarantine: memoryQuarantine(() => true) });

    expect(result.resumePoints).toEqual(new Map([[0, 11]]));
    expect(queue.taken.map(({ message }) => message.change.id).toSorted()).toEqual(['ana-0', 'cem-0']);
    expect(result.failures).toMatchObject([{ code: 'QUARANTINE_UNAVAILABLE' }]);
  });

  it('keeps a delivery that the queue refuses in quarantine, for that subscription, and moves on', async () => {
    const quarantine = memoryQuarantine();
    const queue = memoryDeliveryQueue({
      verdictOn: ({ message }) =>
        message.subscription === badges.id && 'change' in message && message.change.id === 'ana-0' ? 'refused' : 'taken',
    });
    const batch = records('ana', 'ana');

    const result = await fanOutWith({ records: batch, subscriptions: [payroll, badges], queue, quarantine });

    expect(result).toMatchObject({ resumePoints: new Map(), deliveries: 3, quarantined: 1 });
    const [entry] = [...quarantine.kept.values()];
    expect(entry).toMatchObject({ org: 'acme', reason: 'delivery-refused-by-queue', body: batch[0]?.value });
    expect(entry?.detail).toContain(badges.id);
    expect(entry?.id).toMatch(/^[a-z0-9-]{1,64}$/);
  });

  it('resumes a partition at the lowest offset with a delivery that is not on the queue, and no other partition', async () => {
    const queue = memoryDeliveryQueue({ verdictOn: ({ message }) => (message.change.data.user?.id === 'ben' ? 'not-taken' : 'taken') });
    const batch = [...records('ana', 'ben', 'ana', 'ben'), recordOf({ partition: 5, offset: 3 }, changeAbout('dee', 'dee-0'))];

    const result = await fanOutWith({ records: batch, subscriptions: [payroll, badges], queue });

    expect(result.resumePoints).toEqual(new Map([[0, 11]]));
    expect(result.failures).toMatchObject([{ code: 'DELIVERY_QUEUE_UNAVAILABLE' }]);
  });

  it('resumes every partition at its first record when the queue is away', async () => {
    const batch = [...records('ana', 'ben'), recordOf({ partition: 5, offset: 3 }, changeAbout('dee', 'dee-0'))];

    const result = await fanOutWith({
      records: batch,
      subscriptions: [payroll],
      queue: memoryDeliveryQueue({ outage: () => unavailable }),
    });

    expect(result.resumePoints).toEqual(
      new Map([
        [0, 10],
        [5, 3],
      ]),
    );
    expect(result.deliveries).toBe(0);
  });

  it('resumes every partition at its first record when the subscriptions cannot be read', async () => {
    const away = new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'The table is away');
    const queue = memoryDeliveryQueue();
    const quarantine = memoryQuarantine();
    const batch = [
      recordOf({ partition: 0, offset: 9 }, garbage),
      ...records('ana', 'ben'),
      recordOf({ partition: 5, offset: 3 }, changeAbout('dee', 'dee-0')),
    ];

    const result = await fanOutWith({ records: batch, subscriptions: away, queue, quarantine });

    expect(result).toMatchObject({
      resumePoints: new Map([
        [0, 9],
        [5, 3],
      ]),
      failures: [away],
    });
    expect(queue.taken).toEqual([]);
  });

  it('leaves out a subscription whose stored filter does not compile, says so, and serves the others', async () => {
    const queue = memoryDeliveryQueue();

    const result = await fanOutWith({
      records: records('ana'),
      subscriptions: [subscriptionNamed('broken', { filter: 'user.id eq (' }), payroll],
      queue,
    });

    expect(queue.taken.map(({ message }) => message.subscription)).toEqual([payroll.id]);
    expect(result.resumePoints).toEqual(new Map());
    expect(result.failures).toMatchObject([{ facts: { subscription: subscriptionNamed('broken').id } }]);
  });

  it('says nothing of a disabled subscription whose filter does not compile', async () => {
    const broken = subscriptionNamed('broken', { filter: 'user.id eq (', status: 'disabled' });

    expect((await fanOutWith({ records: records('ana'), subscriptions: [broken], queue: memoryDeliveryQueue() })).failures).toEqual([]);
  });

  it('begins nothing more when the time runs short, and resumes where it was', async () => {
    let remainingMs = 60_000;
    const queue = memoryDeliveryQueue({
      verdictOn: () => {
        remainingMs -= 450;
        return 'taken';
      },
    });
    const batch = Array.from({ length: 250 }, (_, n) => recordOf({ partition: 0, offset: n }, changeAbout('ana', `ana-${n}`)));

    const result = await fanOutWith({ records: batch, subscriptions: [payroll], queue, remainingTimeMs: () => remainingMs });

    expect(queue.taken).toHaveLength(100);
    expect(result.resumePoints).toEqual(new Map([[0, 100]]));
    expect(result.failures).toEqual([]);
  });

  it('looks at the clock while its filters say no, and resumes where the time was over', async () => {
    let looks = 0;
    const batch = [...records('ana', 'ben', 'cem'), recordOf({ partition: 5, offset: 3 }, changeAbout('dee', 'dee-0'))];
    const subscriptions = [subscriptionNamed('nobody', { filter: 'user.id eq "nobody"' })];
    const run = (remainingTimeMs: () => number) => fanOutWith({ records: batch, subscriptions, queue: memoryDeliveryQueue(), remainingTimeMs }); // prettier-ignore

    const over = await run(() => 0);
    const overInBetween = await run(() => ((looks += 1) > 8 ? 0 : 60_000));

    expect(over.resumePoints).toEqual(new Map([[0, 10], [5, 3]])); // prettier-ignore
    // The other partition had its turn in between.
    expect([...overInBetween.resumePoints.keys()]).toEqual([0]);
    expect(overInBetween.resumePoints.get(0)).toBeGreaterThan(10);
    expect((await run(() => 60_000)).resumePoints).toEqual(new Map());
  });

  it('lets what waits for an answer have its turn while filters say no', async () => {
    let turns = 0;
    let isOver = false;
    const other = async () => {
      for (; !isOver; turns += 1) await setImmediate();
    };
    const subscriptions = [subscriptionNamed('nobody', { filter: 'user.id eq "nobody"' })];

    const waiting = other();
    await fanOutWith({ records: records(...Array<string>(50).fill('ana')), subscriptions, queue: memoryDeliveryQueue() });
    isOver = true;
    await waiting;

    expect(turns).toBeGreaterThan(25);
  });

  it('settles what is owed while there is time for it, however long filters take', async () => {
    // The clock goes on by 60 ms with each look: every record takes some times as long to match.
    let remainingMs = 60_000;
    const sentAtMs: number[] = [];
    const queue = memoryDeliveryQueue({ verdictOn: () => (sentAtMs.push(remainingMs), 'taken') });
    const batch = Array.from({ length: 250 }, (_, n) => recordOf({ partition: 0, offset: n }, changeAbout('ana', `ana-${n}`)));
    const remainingTimeMs = () => (remainingMs -= 60);

    const result = await fanOutWith({ records: batch, subscriptions: [payroll], queue, remainingTimeMs });

    const resumeAt = result.resumePoints.get(0) ?? 0;
    expect(resumeAt).toBeGreaterThan(50);
    expect(sentAtMs.filter((atMs, n) => (sentAtMs[n - 1] ?? 60_000) - atMs > 600)).toEqual([]);
    expect(queue.taken.map(({ message }) => message.change.id)).toEqual(batch.slice(0, resumeAt).map(({ offset }) => `ana-${offset}`));
  });

  it('does nothing at all without time', async () => {
    const queue = memoryDeliveryQueue();
    const quarantine = memoryQuarantine();
    const batch = [recordOf({ partition: 0, offset: 9 }, garbage), ...records('ana')];

    const result = await fanOutWith({ records: batch, subscriptions: [payroll], queue, quarantine, remainingTimeMs: () => 0 });

    expect(result.resumePoints).toEqual(new Map([[0, 9]]));
    expect([queue.taken.length, quarantine.kept.size]).toEqual([0, 0]);
  });

  it('stops the partition at hand when a part of the relay is broken, reports it, and goes on with the others', async () => {
    const inner = memoryDeliveryQueue();
    const bug = new TypeError('a bug');
    const queue = {
      send: async (deliveries: Parameters<typeof inner.send>[0]) => {
        if (deliveries.some(({ message }) => 'change' in message && message.change.id === 'ana-0')) throw bug;
        return inner.send(deliveries);
      },
    };
    const batch = [...records('ana', 'ben'), recordOf({ partition: 5, offset: 3 }, changeAbout('dee', 'dee-0'))];

    const result = await fanOutWith({ records: batch, subscriptions: [payroll], queue });

    expect(result).toMatchObject({ resumePoints: new Map([[0, 10]]), failures: [bug] });
    expect(inner.taken.map(({ message }) => message.change.id)).toEqual(['dee-0']);
  });

  it('carries a batch many times larger than what it settles at once', async () => {
    const queue = memoryDeliveryQueue();
    const subscriptions = Array.from({ length: 30 }, (_, n) => subscriptionNamed(`many${n}`));
    const batch = Array.from({ length: 40 }, (_, n) =>
      recordOf({ partition: n % 3, offset: n }, changeAbout(`user${n % 5}`, `change-${n}`, { note: 'x'.repeat(20_000) })),
    );

    const result = await fanOutWith({ records: batch, subscriptions, queue });

    expect(result).toMatchObject({ resumePoints: new Map(), deliveries: 1_200 });
    expect(queue.taken).toHaveLength(1_200);
  });
});
