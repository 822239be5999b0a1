import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { changeSubscription } from '#lib/subscriptions/change-subscription.ts';
import { maxLiveSecrets, rotateSecret, type RotateSecretParts } from '#lib/subscriptions/rotate-secret.ts';
import { liveSecrets, signatureKindOf } from '#lib/subscriptions/signing-secret.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { InMemorySubscriptionStore } from './in-memory-subscription-store.ts';
import { storedSubscription } from './stored-subscription.ts';

const startMs = Date.parse('2026-11-22T08:00:00.000Z');
const folder = mkdtempSync(join(tmpdir(), 'rotate-'));
const [hourMs, dayMs] = [3_600_000, 86_400_000];
const ownSecret = (length = 32, fill = 5) => `whsec_${Buffer.alloc(length, fill).toString('base64')}`;
let box: SecretBox;
let nowMs = startMs;

beforeAll(() => {
  createLocalKeyFile(join(folder, 'key'));
  box = new SecretBox(localDataKeys(join(folder, 'key')), { now: () => new Date(nowMs) });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function stored(overrides: Partial<Subscription> = {}) {
  nowMs = startMs;
  const subscriptions = new InMemorySubscriptionStore();
  const { id } = storedSubscription(1);
  const sealed = await box.seal(ownSecret(32, 1), { purpose: 'signing-secret', owner: id });
  await subscriptions.create(storedSubscription(1, { signingSecrets: [{ sealed, createdAt: '2026-11-21T12:00:00.000Z' }], ...overrides }));
  const parts: RotateSecretParts = { subscriptions, secretBox: box, randomBytes, now: () => new Date(nowMs) };
  const rotate = (body: unknown = {}, replacing: Partial<RotateSecretParts> = {}) => rotateSecret(body, id, { ...parts, ...replacing });
  const now = async () => (await subscriptions.find(id))?.signingSecrets ?? [];
  const opened = async () =>
    Promise.all(
      liveSecrets(await now(), new Date(nowMs)).map(({ sealed: one }) => box.open(one, { purpose: 'signing-secret', owner: id })),
    );
  return { id, subscriptions, parts, rotate, now, opened };
}
const secretOf = (outcome: Awaited<ReturnType<typeof rotateSecret>>) => (outcome.kind === 'rotated' ? outcome.secret : undefined);

describe('rotating a signing secret', () => {
  it('puts a new one first, tells it once, and lets the old one sign for a day more', async () => {
    const { rotate, now, opened, subscriptions, id } = await stored();
    const outcome = await rotate();
    expect(secretOf(outcome)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await opened()).toEqual([secretOf(outcome), ownSecret(32, 1)]);
    expect((await now()).map(({ expiresAt }) => expiresAt)).toEqual([undefined, new Date(startMs + dayMs).toISOString()]);
    expect(outcome).toMatchObject({ subscription: await subscriptions.find(id) });
    expect(JSON.stringify(await now())).not.toContain(secretOf(outcome)?.slice(6));
    nowMs += dayMs - 1;
    expect(await opened()).toHaveLength(2);
    nowMs += 1;
    expect(await opened()).toEqual([secretOf(outcome)]);
  });

  it('takes a secret of the owner, and does not repeat it', async () => {
    const { rotate, opened } = await stored();
    const outcome = await rotate({ secret: ownSecret(), overlapSeconds: 1 });
    expect(outcome).toMatchObject({ kind: 'rotated', secret: undefined });
    expect((await opened())[0]).toBe(ownSecret());
  });

  it('lets only the new one sign after an overlap of 0, whatever was before', async () => {
    const { rotate, now, opened } = await stored();
    await rotate({ overlapSeconds: 604_800 });
    const outcome = await rotate({ overlapSeconds: 0 });
    expect(await opened()).toEqual([secretOf(outcome)]);
    expect(await now()).toHaveLength(1);
  });

  it('works during a rotation: each goes on, and none for longer than it would have', async () => {
    const { rotate, now, opened } = await stored();
    const first = await rotate({ overlapSeconds: 7_200 });
    nowMs += hourMs;
    const second = await rotate({ overlapSeconds: 86_400 });
    expect(await opened()).toEqual([secretOf(second), secretOf(first), ownSecret(32, 1)]);
    expect((await now()).map(({ expiresAt }) => expiresAt && Date.parse(expiresAt) - startMs)).toEqual([
      undefined,
      hourMs + dayMs,
      2 * hourMs,
    ]);
    nowMs += hourMs;
    const third = await rotate({ overlapSeconds: 60 });
    // The oldest had ended and is gone; what went on is cut down to the shorter overlap.
    expect(await opened()).toEqual([secretOf(third), secretOf(second), secretOf(first)]);
    expect((await now()).map(({ expiresAt }) => expiresAt && Date.parse(expiresAt) - nowMs)).toEqual([undefined, 60_000, 60_000]);
  });

  it('changes the signature, and keeps it when it is not named', async () => {
    const { rotate, now } = await stored();
    const kinds = async () => (await now()).map((secret) => `${signatureKindOf(secret)}${secret.expiresAt === undefined ? '' : ' until'}`);
    expect(secretOf(await rotate({ signature: 'both' }))).toMatch(/^whsec_/);
    expect(await kinds()).toEqual(['v1', 'v1a', 'v1 until']);
    await rotate();
    expect(await kinds()).toEqual(['v1', 'v1a', 'v1 until', 'v1a until', 'v1 until']);
    expect(await rotate({ signature: 'v1a', overlapSeconds: 0 })).toMatchObject({ kind: 'rotated', secret: undefined });
    expect(await kinds()).toEqual(['v1a']);
    await rotate({ overlapSeconds: 0 });
    expect(await kinds()).toEqual(['v1a']);
  });

  it('refuses one more than can sign, until some have ended or all of them end now', async () => {
    const { rotate, now } = await stored();
    for (let live = 1; live < maxLiveSecrets; live += 1) expect((await rotate({ overlapSeconds: 600 })).kind).toBe('rotated');
    const before = await now();
    expect(await rotate({ overlapSeconds: 600 })).toEqual({ kind: 'too-many', until: new Date(startMs + 600_000).toISOString() });
    expect(await now()).toEqual(before);
    expect((await rotate({ overlapSeconds: 0 })).kind).toBe('rotated');
    expect(await now()).toHaveLength(1);
  });

  it('loses no secret that was told when two rotate at once: one is told to look again, and nothing of it is kept', async () => {
    const { rotate, subscriptions, opened } = await stored();
    const waiting: (() => void)[] = [];
    // Both have read before either writes.
    const together: RotateSecretParts['subscriptions'] = {
      find: (id) => subscriptions.find(id),
      change: async (...change) => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 2) for (const go of waiting) go();
        });
        return subscriptions.change(...change);
      },
    };
    const outcomes = await Promise.all([rotate({}, { subscriptions: together }), rotate({}, { subscriptions: together })]);
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['raced', 'rotated']);
    expect(await opened()).toEqual([outcomes.map(secretOf).find((secret) => secret !== undefined), ownSecret(32, 1)]);
  });

  it('has what expired taken away by the next change of something else', async () => {
    const { rotate, now, parts, id } = await stored();
    await rotate({ overlapSeconds: 60 });
    nowMs += 60_000;
    expect(await now()).toHaveLength(2);
    await changeSubscription({ name: 'New' }, id, { ...parts, checkUrl: () => ({ kind: 'allowed' }) });
    expect((await now()).map(({ expiresAt }) => expiresAt)).toEqual([undefined]);
  });

  it('knows no deleted subscription', async () => {
    const { rotate } = await stored({ status: 'deleted' });
    expect(await rotate()).toEqual({ kind: 'unknown' });
  });

  it.each([
    [{ overlapSeconds: -1 }, '/overlapSeconds', '0 to 604800'],
    [{ overlapSeconds: 604_801 }, '/overlapSeconds', '0 to 604800'],
    [{ overlapSeconds: 0.5 }, '/overlapSeconds', '0 to 604800'],
    [{ overlapSeconds: '60' }, '/overlapSeconds', '0 to 604800'],
    [{ overlapSeconds: null }, '/overlapSeconds', '0 to 604800'],
    [{ secret: ownSecret(23) }, '/secret', '24 to 64 bytes'],
    [{ secret: ownSecret(65) }, '/secret', '24 to 64 bytes'],
    [{ secret: ownSecret().slice(6) }, '/secret', 'whsec_'],
    [{ secret: ownSecret().replace('=', '') }, '/secret', 'padded base64'],
    [{ secret: `${ownSecret()}\n` }, '/secret', 'whsec_'],
    [{ secret: 7 }, '/secret', 'must be a text'],
    [{ secret: ownSecret(), signature: 'v1a' }, '/secret', 'made by the relay'],
    [{ signature: 'v2' }, '/signature', '`v1`, `v1a` or `both`'],
    [{ keep: 'previous' }, '/keep', 'is not a field of a rotation'],
    [[], '', 'must be a JSON object'],
  ])('refuses %j, naming %s, repeats no secret and writes nothing', async (body, pointer, reason) => {
    const { rotate, now } = await stored();
    const before = await now();
    const outcome = await rotate(body);
    expect(outcome).toEqual({ kind: 'invalid', errors: [{ pointer, detail: expect.stringContaining(reason) }] });
    expect(JSON.stringify(outcome)).not.toContain('BQUF');
    expect(await now()).toEqual(before);
  });
});
