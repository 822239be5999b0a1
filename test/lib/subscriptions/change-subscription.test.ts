import { describe, expect, it } from 'vitest';
import { checkEndpointUrl } from '#lib/webhooks/address-guard.ts';
import { changeSubscription, type ChangeSubscriptionParts } from '#lib/subscriptions/change-subscription.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { InMemorySubscriptionStore } from './in-memory-subscription-store.ts';
import { storedSubscription } from './stored-subscription.ts';

const at = new Date('2026-11-22T08:00:00.000Z');
const rich = {
  orgs: ['acme'],
  filter: 'user.userName pr',
  limits: { deliveriesPerSecond: 50, concurrency: 5 },
  retrySeconds: [5, 60],
  stale: 'late',
  attributes: ['user.userName'],
} as unknown as Partial<Subscription>;

async function stored(overrides: Partial<Subscription> = {}) {
  const subscriptions = new InMemorySubscriptionStore();
  const subscription = storedSubscription(1, overrides);
  await subscriptions.create(subscription);
  const parts: ChangeSubscriptionParts = {
    subscriptions,
    checkUrl: (url) => checkEndpointUrl(url, { allowLoopback: false }),
    now: () => at,
  };
  return { subscriptions, subscription, parts, change: (body: unknown) => changeSubscription(body, subscription.id, parts) };
}

describe('changeSubscription', () => {
  it('changes what is named, leaves the rest, and answers the subscription as it is then', async () => {
    const { subscription, subscriptions, change } = await stored(rich);
    const outcome = await change({ url: 'https://new.example.com/', types: ['*'] });
    const expected = { ...subscription, url: 'https://new.example.com/', types: ['*'], updatedAt: at.toISOString() };
    expect(outcome).toEqual({ kind: 'changed', subscription: expected });
    expect(await subscriptions.find(subscription.id)).toEqual(expected);
  });

  it('lets nobody ask for more requests at a time than the stage allows', async () => {
    const { subscription, subscriptions, parts } = await stored(rich);
    const ask = (concurrency: number) => changeSubscription({ limits: { concurrency } }, subscription.id, { ...parts, maxConcurrency: 12 });
    expect(await ask(13)).toEqual({
      kind: 'invalid',
      errors: [{ pointer: '/limits/concurrency', detail: 'must be a whole number from 1 to 12' }],
    });
    expect(await subscriptions.find(subscription.id)).toEqual(subscription);
    expect((await ask(12)).kind).toBe('changed');
  });

  it.each([
    [{ name: 'New' }, { name: 'New' }],
    [{ orgs: null }, { orgs: undefined }],
    [{ orgs: ['beta'] }, { orgs: ['beta'] }],
    [{ filter: null }, { filter: undefined }],
    [{ filter: 'group.id eq "1"' }, { filter: 'group.id eq "1"' }],
    [{ limits: { concurrency: 7 } }, { limits: { deliveriesPerSecond: 50, concurrency: 7 } }],
    [{ limits: { deliveriesPerSecond: null } }, { limits: { concurrency: 5 } }],
    [{ limits: { deliveriesPerSecond: null, concurrency: null } }, { limits: undefined }],
    [{ limits: null }, { limits: undefined }],
    [{ retry: { schedule: [10] } }, { retrySeconds: [10] }],
    [{ retry: { schedule: null } }, { retrySeconds: undefined }],
    [{ retry: null }, { retrySeconds: undefined }],
    [{ stale: null }, { stale: 'skip' }],
    [{ attributes: ['group'] }, { attributes: ['group'] }],
    [{ attributes: null }, { attributes: undefined }],
    [{ stale: 'late' }, { stale: 'late' }],
  ])('merges %j', async (patch, expected) => {
    const { subscription, subscriptions, change } = await stored(rich);
    expect((await change(patch)).kind).toBe('changed');
    const all = Object.entries({ ...subscription, ...expected, updatedAt: at.toISOString() }).filter(([, value]) => value !== undefined);
    expect(await subscriptions.find(subscription.id)).toEqual(Object.fromEntries(all));
  });

  it.each([{}, { retry: {} }])('writes nothing for %j', async (patch) => {
    const { subscription, change } = await stored(rich);
    expect(await change(patch)).toEqual({ kind: 'changed', subscription });
  });

  it.each([
    [{ ordering: 'none' }, '/ordering', 'cannot be changed'],
    [{ ordering: 'per-subject' }, '/ordering', 'cannot be changed'],
    [{ ordering: null }, '/ordering', 'cannot be changed'],
    [{ format: 'cloudevents' }, '/format', 'cannot be changed'],
    [{ status: 'active' }, '/status', 'pause, resume or delete'],
    [{ signature: 'v1a' }, '/signature', 'rotating the secret'],
    [{ attributes: [] }, '/attributes', 'at least one'],
    [{ attributes: ['user', 'nope'] }, '/attributes/1', 'paths begin with one of'],
    [{ id: 'sub_1' }, '/id', 'is not a field'],
    [{ secret: 'whsec_mine' }, '/secret', 'is not a field'],
    [{ circuit: null }, '/circuit', 'is not a field'],
    [{ name: null }, '/name', 'must be a text'],
    [{ url: null }, '/url', 'must be an HTTPS URL'],
    [{ url: 'https://10.0.0.1/' }, '/url', 'must not point at'],
    [{ types: [] }, '/types', 'at least one'],
    [{ types: ['nope'] }, '/types/0', 'matches no change type'],
    [{ orgs: [] }, '/orgs', 'at least one'],
    [{ limits: { concurrency: 0 } }, '/limits/concurrency', 'from 1 to 100'],
    [{ limits: { perMinute: null } }, '/limits/perMinute', 'is not a field of limits'],
    [{ retry: { schedule: [0] } }, '/retry/schedule', 'whole seconds'],
    [{ stale: 'drop' }, '/stale', '`skip` or `late`'],
    [JSON.parse('{"__proto__":{"status":"active"}}'), '/__proto__', 'is not a field'],
    [[], '', 'must be a JSON object'],
  ])('refuses %j, naming %s, and writes nothing', async (patch, pointer, reason) => {
    const { subscription, subscriptions, change } = await stored(rich);
    expect(await change(patch)).toEqual({ kind: 'invalid', errors: [{ pointer, detail: expect.stringContaining(reason) }] });
    expect(await subscriptions.find(subscription.id)).toEqual(subscription);
  });

  it('gives no attributes to one that is sent ids only, and lets it say so again', async () => {
    const { subscription, subscriptions, change } = await stored({ format: 'minimal' });
    const error = { pointer: '/attributes', detail: expect.stringContaining('sends ids only') };
    expect(await change({ attributes: ['user'] })).toEqual({ kind: 'invalid', errors: [error] });
    expect(await subscriptions.find(subscription.id)).toEqual(subscription);
    expect((await change({ attributes: null })).kind).toBe('changed');
  });

  it('writes nothing of a patch that has one fault', async () => {
    const { subscription, subscriptions, change } = await stored(rich);
    expect((await change({ name: 'New', url: 'http://10.0.0.1/' })).kind).toBe('invalid');
    expect(await subscriptions.find(subscription.id)).toEqual(subscription);
  });

  it('has one of two that change at the same time told to look again', async () => {
    const { subscription, subscriptions, parts } = await stored();
    // Both have read before either writes.
    const read: (() => void)[] = [];
    const together: ChangeSubscriptionParts['subscriptions'] = {
      find: (id) => subscriptions.find(id),
      change: async (...change) => {
        await new Promise<void>((resolve) => {
          read.push(resolve);
          if (read.length === 2) for (const go of read) go();
        });
        return subscriptions.change(...change);
      },
    };
    const outcomes = await Promise.all(
      ['One', 'Two'].map((name) => changeSubscription({ name }, subscription.id, { ...parts, subscriptions: together })),
    );
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['changed', 'raced']);
    const winner = outcomes.findIndex(({ kind }) => kind === 'changed');
    expect((await subscriptions.find(subscription.id))?.name).toBe(['One', 'Two'][winner]);
  });

  it('knows none that is deleted, or is deleted meanwhile', async () => {
    const { subscription, subscriptions, parts, change } = await stored();
    const remove = () => subscriptions.setStatus(subscription.id, { status: 'deleted', from: ['active'], at });
    const late: ChangeSubscriptionParts['subscriptions'] = {
      find: (id) => subscriptions.find(id),
      change: async (...given) => {
        await remove();
        return subscriptions.change(...given);
      },
    };
    expect(await changeSubscription({ name: 'New' }, subscription.id, { ...parts, subscriptions: late })).toEqual({ kind: 'unknown' });
    expect(await change({ name: 'New' })).toEqual({ kind: 'unknown' });
    expect(await changeSubscription({}, storedSubscription(2).id, parts)).toEqual({ kind: 'unknown' });
  });
});
