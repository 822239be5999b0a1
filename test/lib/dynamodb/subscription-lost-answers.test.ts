import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { dynamodbLimitStore } from '#lib/dynamodb/limit-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { startDynalite } from '../../../local/emulators/dynalite.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';

/** The write is done, its answer is lost, and the SDK makes it again. */
describe('a write of a subscription whose answer is lost', () => {
  let client: ReturnType<typeof dynamodbClient>;
  let store: ReturnType<typeof dynamodbSubscriptionStore>;
  let stop = () => Promise.resolve();
  let number = 0;
  let base = storedSubscription(1);
  let losing = false;
  beforeAll(async () => {
    const dynalite = await startDynalite({});
    client = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          if (!losing || commandName !== 'UpdateItemCommand') return answer;
          losing = false;
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });
        },
      { step: 'deserialize', priority: 'low', name: 'loseAnswer' },
    );
    await createTables(client);
    store = dynamodbSubscriptionStore({ client, table: 'subscriptions' });
    stop = async () => {
      client.destroy();
      await dynalite.stop();
    };
  });
  afterAll(() => stop());
  beforeEach(async () => {
    base = storedSubscription((number += 1));
    await store.create(base);
    losing = true;
  });
  // Else no answer was lost, and the test has shown nothing.
  afterEach(() => {
    expect(losing).toBe(false);
  });

  const at = new Date('2026-11-22T06:00:00.000Z');
  const event = { id: '00000000-0000-4000-8000-000000000001', kind: 'failing', at: at.toISOString() } as const;
  const found = () => store.find(base.id);
  const opening = { at, probeAt: new Date(at.getTime() + 60_000), event };

  it('is a change made once', async () => {
    expect(await store.change(base, { at, name: 'New' })).toBe('changed');
    expect(await found()).toMatchObject({ name: 'New', updatedAt: at.toISOString() });
  });

  it('is a status set once, with its event', async () => {
    expect(await store.setStatus(base.id, { status: 'disabled', from: ['active'], at, disabledReason: 'gone', event })).toBe(true);
    expect((await found())?.operatorEvents).toEqual([event]);
  });

  it('is a pause', async () => {
    expect(await store.setStatus(base.id, { status: 'paused', from: ['active'], at })).toBe(true);
  });

  it('is a circuit opened once', async () => {
    expect(await store.open(base.id, opening)).toBe(true);
    expect((await found())?.operatorEvents).toEqual([event]);
  });

  it('is an event told once', async () => {
    expect(await store.tell(base.id, event, 60_000)).toBe(true);
    expect((await found())?.operatorEvents).toEqual([event]);
  });

  it('is a recovery begun', async () => {
    const recovery = { id: 'rec_1', status: 'running', since: event.at, until: event.at, redelivered: 0 } as const;
    expect(await store.setRecovery(base.id, { seen: undefined, recovery })).toBe(true);
  });

  it('is a probe that nobody makes, and the next one comes at its time', async () => {
    losing = false;
    await store.open(base.id, opening);
    const circuit = (await found())?.circuit;
    if (circuit === undefined) throw new Error('not open');
    losing = true;
    const nextProbeAt = new Date(at.getTime() + 180_000);
    expect(await store.claimProbe(base.id, { seen: circuit, nextProbeAt })).toBe(false);
    expect((await found())?.circuit).toMatchObject({ probeAt: nextProbeAt.toISOString(), probes: 1 });
  });

  it('is a lease that counts twice: less is given out, never more', async () => {
    const limits = dynamodbLimitStore({ client, table: 'limits' });
    const of = { subscription: base.id, second: 1_795_327_200 };
    const caps = { places: 10, tokens: 10 };
    expect(await limits.lease(of, { want: { places: 4, tokens: 4 }, caps })).toMatchObject({ places: 4, tokens: 4 });
    expect(await limits.lease(of, { want: { places: 10, tokens: 10 }, caps })).toMatchObject({ places: 2, tokens: 2 });
  });
});

it('limits are unavailable when nobody listens', async () => {
  const client = dynamodbClient({ region: 'us-east-1', endpoint: 'http://127.0.0.1:1' });
  const limits = dynamodbLimitStore({ client, table: 'limits' });
  const of = { subscription: storedSubscription(1).id, second: 1 };
  const unavailable = { name: 'RelayError', code: 'DELIVERY_STORE_UNAVAILABLE' };
  await expect(limits.lease(of, { want: { places: 1, tokens: 0 }, caps: { places: 1, tokens: 0 } })).rejects.toMatchObject(unavailable);
  await expect(limits.carry(of, 1)).rejects.toMatchObject(unavailable);
  client.destroy();
});
