import { describe, expect, it } from 'vitest';
import { deleteSubscription } from '#lib/subscriptions/delete-subscription.ts';
import { pauseSubscription } from '#lib/subscriptions/pause-subscription.ts';
import { resumeSubscription } from '#lib/subscriptions/resume-subscription.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { InMemorySubscriptionStore } from './in-memory-subscription-store.ts';
import { storedSubscription } from './stored-subscription.ts';

const at = '2026-11-22T08:00:00.000Z';
const circuit = { since: '2026-11-22T07:00:00.000Z', probeAt: '2026-11-22T08:02:00.000Z', probes: 3 };
const unknown = storedSubscription(2).id;

async function stored(overrides: Partial<Subscription> = {}) {
  const subscriptions = new InMemorySubscriptionStore();
  const subscription = storedSubscription(1, overrides);
  await subscriptions.create(subscription);
  const parts = { subscriptions, now: () => new Date(at) };
  return { id: subscription.id, subscription, subscriptions, parts, find: () => subscriptions.find(subscription.id) };
}

describe('pauseSubscription', () => {
  it('pauses for seven days when no end is given', async () => {
    const { id, parts, find } = await stored();
    const outcome = await pauseSubscription({}, id, parts);
    expect(outcome).toMatchObject({
      kind: 'moved',
      subscription: { status: 'paused', pausedUntil: '2026-11-29T08:00:00.000Z', pausedSince: at, updatedAt: at },
    });
    expect(await find()).toEqual(outcome.kind === 'moved' ? outcome.subscription : undefined);
  });

  it.each(['2026-11-22T08:00:00.001Z', '2026-11-29T08:00:00Z', '2026-11-29T09:00:00+01:00'])('pauses until %s', async (until) => {
    const { id, parts, find } = await stored();
    expect((await pauseSubscription({ until }, id, parts)).kind).toBe('moved');
    expect(await find()).toMatchObject({ status: 'paused', pausedUntil: new Date(until).toISOString() });
  });

  it('does not make a pause longer than seven days, however often it is asked for', async () => {
    const { id, subscriptions, parts, find } = await stored();
    await pauseSubscription({}, id, parts);
    const later = { subscriptions, now: () => new Date('2026-11-28T08:00:00.000Z') };
    expect((await pauseSubscription({ until: '2026-11-28T12:00:00Z' }, id, later)).kind).toBe('moved');
    expect(await find()).toMatchObject({ pausedUntil: '2026-11-28T12:00:00.000Z', pausedSince: at });
    expect((await pauseSubscription({}, id, later)).kind).toBe('moved');
    expect(await find()).toMatchObject({ pausedUntil: '2026-11-29T08:00:00.000Z', pausedSince: at });
    const before = await find();
    expect(await pauseSubscription({ until: '2026-11-29T08:00:00.001Z' }, id, later)).toEqual({
      kind: 'invalid',
      errors: [{ pointer: '/until', detail: expect.stringContaining('can be 2026-11-29T08:00:00.000Z at most') }],
    });
    expect(await find()).toEqual(before);
  });

  it('begins a new pause after one that has ended', async () => {
    const { id, subscriptions, parts, find } = await stored();
    await pauseSubscription({}, id, parts);
    const later = { subscriptions, now: () => new Date('2026-11-25T08:00:00.000Z') };
    await resumeSubscription(id, later);
    expect(await find()).not.toHaveProperty('pausedSince');
    await pauseSubscription({}, id, later);
    expect(await find()).toMatchObject({ pausedUntil: '2026-12-02T08:00:00.000Z', pausedSince: '2026-11-25T08:00:00.000Z' });
  });

  it('counts a pause from its last change when nobody wrote down when it began', async () => {
    const updatedAt = '2026-11-20T00:00:00.000Z';
    const { id, parts, find } = await stored({ status: 'paused', pausedUntil: '2026-11-23T00:00:00.000Z', updatedAt });
    await pauseSubscription({}, id, parts);
    expect(await find()).toMatchObject({ pausedUntil: '2026-11-27T00:00:00.000Z', pausedSince: updatedAt });
  });

  it('looks again when its status moved meanwhile, and takes no beginning over from a pause that has ended', async () => {
    const { id, subscriptions, parts, find } = await stored({ status: 'paused', pausedSince: '2026-11-16T00:00:00.000Z' });
    let looks = 0;
    const find1 = async () => {
      const seen = await find();
      looks += 1;
      if (looks === 1) await resumeSubscription(id, parts);
      return seen;
    };
    const racing = { subscriptions: { find: find1, setStatus: subscriptions.setStatus.bind(subscriptions) }, now: parts.now };
    expect((await pauseSubscription({}, id, racing)).kind).toBe('moved');
    expect(await find()).toMatchObject({ pausedSince: at, pausedUntil: '2026-11-29T08:00:00.000Z' });
  });

  it('gives a pause another end', async () => {
    const { id, parts, find } = await stored({ status: 'paused', pausedUntil: '2026-11-23T00:00:00.000Z' });
    expect((await pauseSubscription({ until: '2026-11-25T00:00:00Z' }, id, parts)).kind).toBe('moved');
    expect(await find()).toMatchObject({ status: 'paused', pausedUntil: '2026-11-25T00:00:00.000Z' });
  });

  it('keeps an open circuit: the endpoint is no better for it', async () => {
    const { id, parts, find } = await stored({ circuit });
    await pauseSubscription({}, id, parts);
    expect((await find())?.circuit).toEqual(circuit);
  });

  it.each([
    [{ until: at }, '/until', 'in the future'],
    [{ until: '2026-11-21T08:00:00Z' }, '/until', 'in the future'],
    [{ until: '2026-11-29T08:00:00.001Z' }, '/until', 'seven days ahead at most'],
    [{ until: '2026-11-25' }, '/until', 'must be a date-time'],
    [{ until: '2026-11-25T08:00:00' }, '/until', 'must be a date-time'],
    [{ until: null }, '/until', 'must be a date-time'],
    [{ for: 60 }, '/for', 'is not a field of a pause'],
    [[], '', 'must be a JSON object'],
  ])('refuses %j, naming %s', async (body, pointer, reason) => {
    const { id, subscription, parts, find } = await stored();
    expect(await pauseSubscription(body, id, parts)).toEqual({
      kind: 'invalid',
      errors: [{ pointer, detail: expect.stringContaining(reason) }],
    });
    expect(await find()).toEqual(subscription);
  });

  it('refuses one that is disabled, and knows none that is deleted', async () => {
    const disabled = await stored({ status: 'disabled', disabledReason: 'gone' });
    expect(await pauseSubscription({}, disabled.id, disabled.parts)).toEqual({ kind: 'refused', status: 'disabled' });
    expect(await disabled.find()).toEqual(disabled.subscription);
    const deleted = await stored({ status: 'deleted' });
    expect(await pauseSubscription({}, deleted.id, deleted.parts)).toEqual({ kind: 'unknown' });
    expect(await pauseSubscription({}, unknown, deleted.parts)).toEqual({ kind: 'unknown' });
  });
});

describe('resumeSubscription', () => {
  it.each<[string, Partial<Subscription>]>([
    ['paused', { status: 'paused', pausedUntil: '2026-11-25T00:00:00.000Z' }],
    ['paused while it failed', { status: 'paused', pausedUntil: '2026-11-25T00:00:00.000Z', circuit }],
    ['disabled', { status: 'disabled', disabledReason: 'gone' }],
    ['failing', { circuit }],
  ])('has one that is %s sent to again, its circuit closed', async (_, overrides) => {
    const { id, parts, find } = await stored(overrides);
    const resumed = storedSubscription(1, { updatedAt: at, resumedAt: at });
    expect(await resumeSubscription(id, parts)).toEqual({ kind: 'moved', subscription: resumed });
    expect(await find()).toEqual(resumed);
  });

  it('notes when it was asked for, also of one that is sent to anyway, for what waits there', async () => {
    const { id, subscription, parts, find } = await stored();
    const outcome = await resumeSubscription(id, parts);
    expect(outcome).toEqual({ kind: 'moved', subscription: { ...subscription, updatedAt: at, resumedAt: at } });
    const later = { ...parts, now: () => new Date(Date.parse(at) + 1_000) };
    await resumeSubscription(id, later);
    expect((await find())?.resumedAt).toBe(later.now().toISOString());
  });

  it('knows none that is deleted', async () => {
    const { id, parts } = await stored({ status: 'deleted' });
    expect(await resumeSubscription(id, parts)).toEqual({ kind: 'unknown' });
    expect(await resumeSubscription(unknown, parts)).toEqual({ kind: 'unknown' });
  });
});

describe('deleteSubscription', () => {
  it.each<Partial<Subscription>>([{ status: 'active', circuit }, { status: 'paused' }, { status: 'disabled' }])(
    'deletes %j',
    async (overrides) => {
      const { id, parts, find } = await stored(overrides);
      expect(await deleteSubscription(id, parts)).toBe('deleted');
      expect(await find()).toMatchObject({ status: 'deleted', updatedAt: at });
      expect(await find()).not.toHaveProperty('circuit');
    },
  );

  it('says the same again, without starting over', async () => {
    const { id, parts, find } = await stored({ status: 'deleted' });
    expect(await deleteSubscription(id, parts)).toBe('deleted');
    // `sweep` clears away what was deleted long enough ago.
    expect((await find())?.updatedAt).toBe('2026-11-21T12:00:00.000Z');
  });

  it('is not undone by whoever resumes at the same time', async () => {
    const { id, parts, find } = await stored({ status: 'paused' });
    const outcomes = await Promise.all([resumeSubscription(id, parts), deleteSubscription(id, parts), resumeSubscription(id, parts)]);
    expect(outcomes[1]).toBe('deleted');
    expect((await find())?.status).toBe('deleted');
  });

  it('knows none that never was', async () => {
    const { parts } = await stored();
    expect(await deleteSubscription(unknown, parts)).toBe('unknown');
  });
});
