import { beforeEach, describe, expect, it } from 'vitest';
import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { headerScheme, noon, orgWith } from '../okta/authenticity-fixtures.ts';
import { InMemoryOrgs } from './in-memory-ports.ts';

const acme = orgWith(headerScheme('right'));
const rotated = orgWith(headerScheme('next'));
const nobody = orgIdSchema.parse('nobody');
const minuteMs = 60_000;
let nowMs: number;
let store: InMemoryOrgs;
let cached: CachedOrgStore;

beforeEach(() => {
  nowMs = noon.getTime();
  store = new InMemoryOrgs(acme);
  cached = new CachedOrgStore(store, { now: () => new Date(nowMs) });
});

async function readsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = store.reads;
  await work();
  return store.reads - before;
}

describe('while the store works', () => {
  it('reads a known org once a minute', async () => {
    expect(await readsDuring(() => cached.find(acme.id))).toBe(1);
    nowMs += minuteMs - 1;
    expect(await readsDuring(() => cached.find(acme.id))).toBe(0);
    nowMs += 1;
    expect(await readsDuring(() => cached.find(acme.id))).toBe(1);
  });

  it('answers fresh from the store, once a second', async () => {
    await cached.find(acme.id);
    store.orgs.set(acme.id, rotated);
    nowMs += 999;
    expect(await cached.find(acme.id, { fresh: true })).toBe(acme);
    nowMs += 1;
    expect(await cached.find(acme.id, { fresh: true })).toBe(rotated);
    expect(await cached.find(acme.id)).toBe(rotated);
    expect(store.reads).toBe(2);
  });

  it('looks for an unknown org again after a second', async () => {
    expect(await cached.find(nobody)).toBeUndefined();
    expect(await readsDuring(() => cached.find(nobody))).toBe(0);
    store.orgs.set(nobody, { ...acme, id: nobody });
    nowMs += 1_000;
    expect(await cached.find(nobody)).toMatchObject({ id: 'nobody' });
  });

  it('forgets an org that was taken out', async () => {
    await cached.find(acme.id);
    store.orgs.delete(acme.id);
    nowMs += minuteMs;
    expect(await cached.find(acme.id)).toBeUndefined();
  });

  it('reads once for requests at the same time', async () => {
    expect(await readsDuring(() => Promise.all([cached.find(acme.id), cached.find(acme.id, { fresh: true }), cached.find(acme.id)]))).toBe(
      1,
    );
  });

  it('does not wait for a read that began long ago and never ended', async () => {
    store.health = 'silent';
    void cached.find(acme.id);
    store.health = 'working';
    nowMs += 1_000;
    expect(await cached.find(acme.id)).toBe(acme);
  });

  it('keeps known orgs while a sender tries a hundred thousand names', async () => {
    await cached.find(acme.id);
    for (let i = 0; i < 100_000; i += 1) await cached.find(orgIdSchema.parse(`guess-${i}`));
    expect(await readsDuring(() => cached.find(acme.id))).toBe(0);
    expect(await readsDuring(() => cached.find(orgIdSchema.parse('guess-0')))).toBe(1);
  });
});

describe.each(['unreachable', 'silent'] as const)('while the store is %s', (health) => {
  beforeEach(async () => {
    await cached.find(acme.id);
    store.health = health;
  });

  it('goes on with a known org for fifteen minutes', async () => {
    nowMs += 15 * minuteMs - 1;
    expect(await cached.find(acme.id)).toBe(acme);
  });
});

describe('while the store is unreachable', () => {
  beforeEach(async () => {
    await cached.find(acme.id);
    store.health = 'unreachable';
  });

  it.each([
    ['a known org after fifteen minutes', acme.id, 15 * minuteMs, {}],
    ['a known org that must be fresh', acme.id, 1_000, { fresh: true }],
    ['an org it has never seen', nobody, 0, {}],
  ])('fails for %s', async (_name, id, elapsedMs, options) => {
    nowMs += elapsedMs;
    await expect(cached.find(id, options)).rejects.toMatchObject({ code: 'ORG_STORE_UNAVAILABLE' });
  });

  it('tries once a second, and finds the store again', async () => {
    nowMs += 2 * minuteMs;
    await cached.find(acme.id);
    expect(await readsDuring(() => cached.find(acme.id))).toBe(0);
    await expect(cached.find(acme.id, { fresh: true })).rejects.toMatchObject({ code: 'ORG_STORE_UNAVAILABLE' });
    nowMs += 1_000;
    store.health = 'working';
    store.orgs.set(acme.id, rotated);
    expect(await cached.find(acme.id)).toBe(rotated);
  });
});
