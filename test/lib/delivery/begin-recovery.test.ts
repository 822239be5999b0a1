import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { beginRecovery } from '#lib/delivery/begin-recovery.ts';
import { recoverDeadLetters } from '#lib/delivery/recover.ts';
import { recoverySchema } from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { now, relayWith } from '../lanes/asked-for.ts';

const since = '2026-11-22T07:00:00.000Z';

async function recovering(overrides: Parameters<typeof relayWith>[0] = {}) {
  const relay = await relayWith(overrides);
  const parts = { subscriptions: relay.subscriptions, now: () => now, randomBytes };
  const find = async () => (await relay.subscriptions.find(relay.subscription.id))!;
  return { ...relay, parts, find, begin: (body: unknown) => beginRecovery(body, relay.subscription.id, parts) };
}

describe('beginRecovery', () => {
  it('writes down from when until now dead letters are to be sent again', async () => {
    const { begin, find } = await recovering();
    const outcome = await begin({ since: '2026-11-22T08:00:00+01:00' });
    const recovery = {
      id: expect.stringMatching(/^rpl_[0-9a-z]{26}$/),
      status: 'running',
      since,
      until: now.toISOString(),
      redelivered: 0,
    };
    expect(outcome).toEqual({ kind: 'begun', recovery });
    expect(recoverySchema.parse((await find()).recovery)).toEqual(recovery);
  });

  it('is gone on with by what sends dead letters again', async () => {
    const relay = await recovering();
    await relay.settle(relay.message, 'dead', 'exhausted');
    await relay.begin({ since });
    // The delivery was created in the very millisecond of `until`, which is not in the window any more.
    const later = { ...relay.parts, now: () => new Date(now.getTime() + 1) };
    const done = async (): Promise<number> => (await recoverDeadLetters(relay, await relay.find(), () => true)).sent;
    expect(await done()).toBe(0);
    expect((await relay.find()).recovery?.status).toBe('done');
    expect((await beginRecovery({ since }, relay.subscription.id, later)).kind).toBe('begun');
    expect(await done()).toBe(1);
    expect(relay.queue.taken.map(({ message }) => message.change.id)).toEqual([relay.message.change.id]);
  });

  it('begins one of many at the same time', async () => {
    const { begin, find } = await recovering();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => begin({ since })));
    expect(outcomes.filter(({ kind }) => kind === 'begun')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'running')).toHaveLength(4);
    const begun = outcomes.find((outcome) => outcome.kind === 'begun');
    expect((await find()).recovery).toEqual(begun?.kind === 'begun' ? begun.recovery : undefined);
  });

  it('begins while the subscription is paused, and after another one is done', async () => {
    const recovery = { id: 'rpl_00000000000000000000000000', status: 'done', since, until: since, redelivered: 2 } as const;
    const { begin } = await recovering({ status: 'paused', recovery });
    expect((await begin({ since })).kind).toBe('begun');
  });

  it('refuses a disabled one, and knows none that is deleted', async () => {
    expect(await (await recovering({ status: 'disabled' })).begin({ since })).toEqual({ kind: 'disabled' });
    const deleted = await recovering({ status: 'deleted' });
    expect(await deleted.begin({ since })).toEqual({ kind: 'unknown' });
    expect(await beginRecovery({ since }, storedSubscription(2).id, deleted.parts)).toEqual({ kind: 'unknown' });
  });

  it.each([
    [{}, '/since', 'is required'],
    [{ since: null }, '/since', 'must be a date-time'],
    [{ since: '2026-11-22' }, '/since', 'must be a date-time'],
    [{ since: '2026-11-22T08:00:00Z' }, '/since', 'in the past'],
    [{ since: '2026-10-23T07:59:59.999Z' }, '/since', '30 days back at most'],
    [{ since, until: since }, '/until', 'is not a field of a recovery'],
    ['since', '', 'must be a JSON object'],
  ])('refuses %j, naming %s', async (body, pointer, reason) => {
    const { begin, find, subscription } = await recovering();
    expect(await begin(body)).toEqual({ kind: 'invalid', errors: [{ pointer, detail: expect.stringContaining(reason) }] });
    expect(await find()).toEqual(subscription);
  });

  it('takes thirty days', async () => {
    expect((await (await recovering()).begin({ since: '2026-10-23T08:00:00Z' })).kind).toBe('begun');
  });
});
