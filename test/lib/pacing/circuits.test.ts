import { describe, expect, it } from 'vitest';
import { Circuits, type Admission, type EndedAttempt } from '#lib/pacing/circuits.ts';
import { FailureWindow } from '#lib/pacing/failure-window.ts';
import { InMemorySubscriptionStore } from '../subscriptions/in-memory-subscription-store.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';

const base = storedSubscription(1);
const startMs = Date.parse('2026-11-22T06:00:00.000Z');
const at = (seconds: number) => new Date(startMs + seconds * 1_000);
const day = 24 * 60 * 60;

async function scene() {
  const store = new InMemorySubscriptionStore();
  await store.create(base);
  const counted: string[] = [];
  const forgotten: string[] = [];
  let events = 0;
  const instance = () =>
    new Circuits({
      store,
      window: new FailureWindow(),
      metrics: { count: (name, value, { Subscription: subscription }) => void counted.push(`${name} ${value} ${subscription}`) },
      forget: (id) => void forgotten.push(id),
      newEventId: () => `00000000-0000-4000-8000-${String(++events).padStart(12, '0')}`,
    });
  const circuits = instance();
  const found = async () => (await store.find(base.id)) ?? base;
  const note = async (given: Partial<EndedAttempt> & { seconds?: number } = {}, by = circuits) =>
    by.noteAttempt(await found(), {
      group: '1',
      verdict: 'failed',
      now: at(given.seconds ?? 0),
      admission: { kind: 'closed' },
      reason: 'status-500',
      ...given,
    });
  /** Fails for ten seconds, until it is open. */
  const fail = async (seconds = 0, by = circuits) => {
    for (const group of ['1', '2', '3', '1']) await note({ group, seconds: seconds - 10 }, by);
    return note({ group: '2', seconds, reason: 'timeout' }, by);
  };
  const kinds = async () => (await found()).operatorEvents?.map(({ kind }) => kind) ?? [];
  return { store, circuits, instance, counted, forgotten, found, note, fail, kinds };
}

const admitted = (admission: Admission) => {
  if (admission.kind === 'open') throw new Error('not admitted');
  return admission;
};

describe('the circuit of a subscription', () => {
  it('opens at the failure that is one too many, is told with why, counted once, and read again', async () => {
    const { fail, found, counted, forgotten } = await scene();
    expect(await fail()).toBe('opened');
    expect(await found()).toMatchObject({
      circuit: { since: at(0).toISOString(), probeAt: at(60).toISOString(), probes: 0 },
      operatorEvents: [{ kind: 'failing', at: at(0).toISOString(), reason: 'timeout' }],
    });
    expect(counted).toEqual([`CircuitOpened 1 ${base.id}`]);
    expect(forgotten).toContain(base.id);
  });

  it('opens once for all instances that see the endpoint fail with an old view of it', async () => {
    const { circuits, instance, counted, kinds } = await scene();
    for (const by of [circuits, instance(), instance()])
      for (const group of ['1', '2', '3', '4', '5'])
        await by.noteAttempt(base, {
          group,
          verdict: 'failed',
          now: at(group === '5' ? 0 : -10),
          admission: { kind: 'closed' },
          reason: 'status-500',
        });
    expect(counted).toHaveLength(1);
    expect(await kinds()).toEqual(['failing']);
  });

  it('admits everything while closed, one probe when it is due, and nothing else while open', async () => {
    const { circuits, instance, fail, found } = await scene();
    expect(await circuits.admit(await found(), at(0))).toEqual({ kind: 'closed' });
    await fail();
    expect(await circuits.admit(await found(), at(59))).toEqual({ kind: 'open', until: at(60) });
    const seen = await found();
    const admissions = await Promise.all([circuits, instance(), instance()].map((by) => by.admit(seen, at(60))));
    expect(admissions.map(({ kind }) => kind).toSorted()).toEqual(['open', 'open', 'probe']);
    expect(await circuits.admit(await found(), at(61))).toEqual({ kind: 'open', until: at(60 + 120) });
  });

  it('admits one probe for a removal of all that ask, beside the schedule and never while another probe is under way', async () => {
    const { circuits, instance, fail, found, forgotten } = await scene();
    expect(await circuits.admitRemoval(await found(), at(0))).toEqual({ kind: 'closed' });
    await fail();
    expect(await circuits.admitRemoval(await found(), at(44))).toEqual({ kind: 'open', until: at(45) });
    const seen = await found();
    forgotten.splice(0);
    const admissions = await Promise.all([circuits, instance(), instance()].map((by) => by.admitRemoval(seen, at(50))));
    expect(admissions.map(({ kind }) => kind).toSorted()).toEqual(['open', 'open', 'probe']);
    expect(forgotten).toContain(base.id);
    expect((await found()).circuit).toMatchObject({ probes: 0, probeAt: at(60).toISOString() });
    expect(await circuits.admit(seen, at(60))).toMatchObject({ kind: 'open' });
    expect(await circuits.admit(await found(), at(94))).toEqual({ kind: 'open', until: at(95) });
    expect(await circuits.admit(await found(), at(95))).toMatchObject({ kind: 'probe' });
    expect(await circuits.admitRemoval(await found(), at(139))).toEqual({ kind: 'open', until: at(140) });
    const admission = admitted(await circuits.admitRemoval(await found(), at(140)));
    await circuits.noteAttempt(await found(), { group: '1', verdict: 'accepted', now: at(141), admission, reason: 'status-204' });
    expect(await found()).not.toHaveProperty('circuit');
  });

  it('closes with a probe that is accepted, and tells it', async () => {
    const { circuits, fail, found, note, counted, kinds } = await scene();
    await fail();
    const admission = admitted(await circuits.admit(await found(), at(60)));
    expect(await note({ admission, verdict: 'accepted', seconds: 61 })).toBe('closed');
    expect(await found()).not.toHaveProperty('circuit');
    expect(await kinds()).toEqual(['failing', 'recovered']);
    expect(counted.at(-1)).toBe(`CircuitClosed 1 ${base.id}`);
  });

  it.each(['failed', 'refused'] as const)('stays open with a probe that is %s', async (verdict) => {
    const { circuits, fail, found, note, kinds } = await scene();
    await fail();
    const admission = admitted(await circuits.admit(await found(), at(60)));
    expect(await note({ admission, verdict, seconds: 61 })).toBe('unchanged');
    expect((await found()).circuit).toEqual({ since: at(0).toISOString(), probeAt: at(180).toISOString(), probes: 1 });
    expect(await kinds()).toEqual(['failing']);
  });

  it('stays open when an attempt is accepted that was begun before it opened', async () => {
    const { fail, found, note } = await scene();
    await fail();
    expect(await note({ verdict: 'accepted', seconds: 14 })).toBe('unchanged');
    expect((await found()).circuit).toBeDefined();
  });

  it('is not closed by a probe of an earlier opening', async () => {
    const { circuits, fail, found, note } = await scene();
    await fail();
    const late = admitted(await circuits.admit(await found(), at(60)));
    const second = admitted(await circuits.admit(await found(), at(180)));
    await note({ admission: second, verdict: 'accepted', seconds: 181 });
    await fail(200);
    expect(await note({ admission: late, verdict: 'accepted', seconds: 201 })).toBe('unchanged');
    expect((await found()).circuit?.since).toBe(at(200).toISOString());
  });

  it('does not open again for what failed before it closed', async () => {
    const { circuits, instance, fail, found, note } = await scene();
    const other = instance();
    for (const group of ['1', '2', '3', '1']) await note({ group }, other);
    await fail();
    await note({ seconds: 1 }, other);
    await note({ admission: admitted(await circuits.admit(await found(), at(60))), verdict: 'accepted', seconds: 61 });
    expect(await note({ seconds: 62 }, other)).toBe('unchanged');
  });

  it('opens with the next failure when the store was away for the first', async () => {
    const { store, fail, note } = await scene();
    const open = store.open.bind(store);
    store.open = () => Promise.reject(new Error('away'));
    await expect(fail()).rejects.toThrow('away');
    store.open = open;
    expect(await note({ group: '3' })).toBe('opened');
  });
});

describe('a subscription is disabled', () => {
  it('at once by a 410, once, and told', async () => {
    const { circuits, found, counted, kinds } = await scene();
    expect(await circuits.gone(base, at(0))).toBe('disabled');
    expect(await circuits.gone(base, at(1))).toBe('unchanged');
    expect(await found()).toMatchObject({
      status: 'disabled',
      disabledReason: 'gone',
      operatorEvents: [{ kind: 'disabled', reason: 'gone' }],
    });
    expect(await kinds()).toEqual(['disabled']);
    expect(counted).toEqual([`SubscriptionDisabled 1 ${base.id}`]);
  });

  it('not by a 410 of an endpoint that its owner has replaced meanwhile', async () => {
    const { store, circuits, found, counted, forgotten, kinds } = await scene();
    await store.change(base, { url: 'https://repaired.example.com/identity', at: at(1) });
    expect(await circuits.gone(base, at(2))).toBe('changed');
    expect([(await found()).status, await kinds(), counted, forgotten]).toEqual(['active', [], [], [base.id]]);
    expect(await circuits.gone(await found(), at(3))).toBe('disabled');
  });

  it('not by a 410 from before its owner enabled it again', async () => {
    const { store, circuits, found } = await scene();
    await circuits.gone(base, at(1));
    await store.setStatus(base.id, { status: 'active', from: ['disabled'], at: at(2) });
    expect(await circuits.gone(base, at(3))).toBe('changed');
    expect((await found()).status).toBe('active');
  });

  it('after five days of an open circuit, and not before', async () => {
    const { circuits, fail, found, kinds } = await scene();
    expect(await circuits.giveUp(await found(), at(9 * day))).toBe(false);
    await fail();
    expect(await circuits.giveUp(await found(), at(5 * day - 1))).toBe(false);
    expect(await circuits.giveUp(await found(), at(5 * day))).toBe(true);
    expect(await found()).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
    expect(await found()).not.toHaveProperty('circuit');
    expect(await kinds()).toEqual(['failing', 'disabled']);
  });

  it('not when its probe got through a moment before', async () => {
    const { circuits, fail, found, note } = await scene();
    await fail();
    const seen = await found();
    const admission = admitted(await circuits.admit(seen, at(60)));
    await note({ admission, verdict: 'accepted', seconds: 5 * day - 1 });
    expect(await circuits.giveUp(seen, at(5 * day))).toBe(false);
    expect((await found()).status).toBe('active');
  });

  it('not while its owner has paused it', async () => {
    const { store, circuits, fail, found } = await scene();
    await fail();
    await store.setStatus(base.id, { status: 'paused', from: ['active'], at: at(1) });
    expect(await circuits.giveUp(await found(), at(6 * day))).toBe(false);
  });
});

it('tells of exhausted deliveries at most once an hour, with why, under the name it is given', async () => {
  const { circuits, found, kinds } = await scene();
  const eventId = '00000000-0000-8000-8000-00000000abcd';
  for (const seconds of [0, 10, 3_599, 3_601, 7_202]) await circuits.exhausted(base.id, { at: at(seconds), eventId, reason: 'status-422' });
  expect(await kinds()).toEqual(['exhausted', 'exhausted', 'exhausted']);
  expect((await found()).operatorEvents?.map(({ id, reason }) => [id, reason])).toEqual(Array(3).fill([eventId, 'status-422']));
});
