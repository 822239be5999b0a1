import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { HookBinding } from '#lib/intake/hook-binding.ts';
import type { Org } from '#lib/okta/org.ts';
import { headerScheme, noon, orgWith } from '../okta/authenticity-fixtures.ts';
import { InMemoryOrgs } from './in-memory-ports.ts';
import { InMemorySenders } from './in-memory-senders.ts';

const acme = orgWith(headerScheme('right'));
const confirming = (others: 'accept' | 'quarantine', ...confirmed: string[]): Org => ({ ...acme, hooks: { confirmed, others } });
let nowMs: number;
let senders: InMemorySenders;
let store: InMemoryOrgs;
let binding: HookBinding;

beforeEach(() => {
  nowMs = noon.getTime();
  const now = () => new Date(nowMs);
  senders = new InMemorySenders();
  store = new InMemoryOrgs(acme);
  binding = new HookBinding({ orgs: new CachedOrgStore(store, { now }), seen: senders, now });
});

describe('while no hook is confirmed', () => {
  it('the first one is known, and each other one is not', async () => {
    expect(await binding.sight(acme, 'who1', 2_000)).toEqual({ standing: 'known' });
    expect(await binding.sight(acme, 'who2', 2_000)).toEqual({ standing: 'unconfirmed' });
    expect(await binding.sight(acme, 'who1', 2_000)).toEqual({ standing: 'known' });
  });

  it('nothing is kept aside', async () => {
    expect(await binding.isKeptAside(acme, 'who2', 2_000)).toBe(false);
    expect(await binding.isKeptAside(acme, undefined, 2_000)).toBe(false);
  });
});

describe('once hooks are confirmed', () => {
  it('they are known, and the first one seen is not unless it is among them', async () => {
    const org = confirming('accept', 'who2', 'who3');
    expect(await binding.sight(org, 'who1', 2_000)).toEqual({ standing: 'unconfirmed' });
    expect(await binding.sight(org, 'who2', 2_000)).toEqual({ standing: 'known' });
    expect(await binding.isKeptAside(org, 'who1', 2_000)).toBe(false);
  });

  it.each([
    ['a confirmed one', 'who2', false],
    ['another one', 'who1', true],
    ['one that only begins like it', 'who', true],
    ['none', undefined, true],
  ])('and others go to quarantine, %s is judged so', async (_name, hook, aside) => {
    const org = confirming('quarantine', 'who2');
    store.orgs.set(org.id, org);
    expect(await binding.isKeptAside(org, hook, 2_000)).toBe(aside);
  });

  it('a hook that was confirmed a moment ago is not kept aside by an environment that is still warm', async () => {
    store.orgs.set(acme.id, confirming('quarantine', 'who1', 'who2'));
    expect(await binding.isKeptAside(confirming('quarantine', 'who1'), 'who2', 2_000)).toBe(false);
  });

  it.each(['unreachable', 'silent'] as const)(
    'and the org store is %s, an unknown one is kept aside: that loses nothing',
    async (health) => {
      store.health = health;
      expect(await binding.isKeptAside(confirming('quarantine', 'who1'), 'who2', 2_000)).toBe(true);
      expect(await binding.isKeptAside(confirming('quarantine', 'who1'), 'who1', 2_000)).toBe(false);
    },
  );
});

describe('noting', () => {
  it('is done once in ten minutes for each hook', async () => {
    for (let at = 0; at < 50; at += 1) await binding.sight(acme, 'who1', 2_000);
    expect(senders.calls).toBe(1);
    nowMs += 10 * 60_000;
    await binding.sight(acme, 'who1', 2_000);
    expect(senders.calls).toBe(2);
  });

  it('that fails is said once, costs nothing else, and is tried again half a minute later', async () => {
    senders.health = 'unreachable';
    expect(await binding.sight(acme, 'who1', 2_000)).toMatchObject({ standing: 'known', unnoted: { code: 'SENDER_STORE_UNAVAILABLE' } });
    expect(await binding.sight(acme, 'who1', 2_000)).toEqual({ standing: 'known' });
    expect(senders.calls).toBe(1);
    senders.health = 'working';
    nowMs += 30_000;
    await binding.sight(acme, 'who1', 2_000);
    expect(await senders.hooks(acme.id)).toMatchObject([{ id: 'who1', isFirst: true }]);
  });

  it('that gets no answer holds nobody up for long', async () => {
    senders.health = 'silent';
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const sighting = binding.sight(acme, 'who1', 2_000);
    expect(await hasEndedAfter(499, sighting)).toBe(false);
    expect(await hasEndedAfter(1, sighting)).toBe(true);
    expect(await sighting).toEqual({ standing: 'known' });
    // The next one does not ask, and waits for nothing.
    expect(await hasEndedAfter(0, binding.sight(acme, 'who2', 2_000))).toBe(true);
    expect(senders.calls).toBe(1);
  });

  it('takes no more than the time that the request has left', async () => {
    senders.health = 'silent';
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const sighting = binding.sight(acme, 'who1', 20);
    expect(await hasEndedAfter(19, sighting)).toBe(false);
    expect(await hasEndedAfter(1, sighting)).toBe(true);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function hasEndedAfter(ms: number, work: Promise<unknown>): Promise<boolean> {
    let ended = false;
    void work.then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(ms);
    return ended;
  }
});
