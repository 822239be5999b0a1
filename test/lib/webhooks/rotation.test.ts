import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { subscriptionKeysCall } from '#lib/admin/jwks-calls.ts';
import type { AdminParts } from '#lib/admin/admin-call.ts';
import { subscriptionView } from '#lib/admin/subscription-view.ts';
import { deliver } from '#lib/lanes/deliver.ts';
import type { SecretOpener } from '#lib/lanes/deliver-parts.ts';
import type { WebhookRequest } from '#lib/webhooks/webhook-sender.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { createSubscription } from '#lib/subscriptions/create-subscription.ts';
import { rotateSecret } from '#lib/subscriptions/rotate-secret.ts';
import { SubscriptionDirectory } from '#lib/subscriptions/subscription-directory.ts';
import type { SubscriptionId } from '#lib/subscriptions/subscription.ts';
import { isAcceptedByPackage as isAccepted, isSignedByOneOf as isSignedBy, type ServedKey } from '../../support/signature-verifiers.ts';
import { DeliverHarness, received } from '../lanes/deliver-harness.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';

const folder = mkdtempSync(join(tmpdir(), 'rotation-'));
const startMs = Date.parse('2026-11-22T06:00:00.000Z');
let relay: DeliverHarness;
let box: SecretBox;
let opened: number;
let directory: SubscriptionDirectory;
let changes = 0;

beforeAll(() => createLocalKeyFile(join(folder, 'key')));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  // The independent package compares the timestamp with the clock of the process.
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  relay = new DeliverHarness();
  opened = 0;
  const now = () => new Date(relay.nowMs);
  box = new SecretBox(localDataKeys(join(folder, 'key')), { now });
  directory = new SubscriptionDirectory(relay.subscriptions, { now });
});
afterEach(() => vi.useRealTimers());

const parts = () => ({ store: relay.subscriptions, subscriptions: relay.subscriptions, secretBox: box, randomBytes, now: () => new Date(relay.nowMs), checkUrl: () => ({ kind: 'allowed' }) as const }); // prettier-ignore

async function subscribe(signature: string): Promise<{ id: SubscriptionId; secret: string | undefined }> {
  const outcome = await createSubscription({ name: 'x', url: 'https://hooks.example.com/', types: ['*'], signature }, parts());
  if (outcome.kind !== 'created') throw new Error(outcome.kind);
  return { id: outcome.subscription.id, secret: outcome.secret };
}

async function rotate(id: SubscriptionId, body: object = {}): Promise<string | undefined> {
  const outcome = await rotateSecret(body, id, parts());
  if (outcome.kind !== 'rotated') throw new Error(outcome.kind);
  return outcome.secret;
}

function pass(ms: number): void {
  relay.nowMs += ms;
  vi.setSystemTime(relay.nowMs);
}

/** What a receiver gets now. */
async function webhook(id: SubscriptionId): Promise<WebhookRequest> {
  const change = `change-${(changes += 1)}`;
  const secrets: SecretOpener = {
    open: (...sealed) => {
      opened += 1;
      return box.open(...sealed);
    },
  };
  const message = deliveryMessage({ change, subscription: id, user: `user-${changes}` });
  const report = await deliver(relay.parts({ secrets, subscriptions: directory }), [received(change, change, message)], () => 300_000);
  expect(report).toMatchObject({ failures: [], errors: [] });
  const sent = relay.sent.at(-1);
  if (sent === undefined) throw new Error('nothing was sent');
  return sent;
}

/** What is served at jwks.json. */
async function keysOf(id: SubscriptionId): Promise<ServedKey[]> {
  // The call asks for nothing else of its parts.
  const outcome = await subscriptionKeysCall({ request: {} as never, name: id }, parts() as unknown as AdminParts);
  return outcome.kind === 'found' ? (outcome.body as { keys: ServedKey[] }).keys : [];
}

const kindsIn = ({ headers }: WebhookRequest) => (headers['webhook-signature'] ?? '').split(' ').map((one) => one.split(',')[0]);

describe('a webhook with v1', () => {
  it('is accepted with the old and the new secret until the overlap ends, then with the new one alone', async () => {
    const { id, secret: old } = await subscribe('v1');
    const before = await webhook(id);
    expect([isAccepted(old, before), kindsIn(before)]).toEqual([true, ['v1']]);

    const fresh = await rotate(id, { overlapSeconds: 600 });
    pass(5_000);
    const during = await webhook(id);
    expect([isAccepted(old, during), isAccepted(fresh, during), isAccepted(old, before)]).toEqual([true, true, true]);
    expect(isAccepted(fresh, before)).toBe(false);

    pass(595_000);
    const after = await webhook(id);
    expect([isAccepted(old, after), isAccepted(fresh, after), kindsIn(after)]).toEqual([false, true, ['v1']]);
    expect(await keysOf(id)).toEqual([]);
  });

  it('is accepted with each of three secrets when a rotation comes into another one', async () => {
    const { id, secret: first } = await subscribe('v1');
    const second = await rotate(id);
    const third = await rotate(id);
    const sent = await webhook(id);
    expect([first, second, third].map((secret) => isAccepted(secret, sent))).toEqual([true, true, true]);
  });

  it('does not open a secret that has expired', async () => {
    const { id } = await subscribe('v1');
    await rotate(id, { overlapSeconds: 60 });
    await webhook(id);
    expect(opened).toBe(2);
    pass(60_000);
    await webhook(id);
    expect(opened).toBe(3);
  });

  it('is signed with the new secret five seconds after a rotation, also by an instance that has just read the old one', async () => {
    const { id, secret: old } = await subscribe('v1');
    await webhook(id);
    const fresh = await rotate(id, { overlapSeconds: 0 });
    pass(5_000);
    const sent = await webhook(id);
    expect([isAccepted(old, sent), isAccepted(fresh, sent)]).toEqual([false, true]);
  });
});

describe('a webhook with v1a', () => {
  it('is verified with the keys that are served, old and new during the overlap, the new one alone after it', async () => {
    const { id, secret } = await subscribe('v1a');
    expect(secret).toBeUndefined();
    const [oldKey, ...others] = await keysOf(id);
    expect(others).toEqual([]);
    if (oldKey === undefined) throw new Error('no key is served');
    const before = await webhook(id);
    expect([await isSignedBy([oldKey], before), kindsIn(before)]).toEqual([true, ['v1a']]);

    await rotate(id, { overlapSeconds: 600 });
    pass(5_000);
    const [newKey, stillServed] = await keysOf(id);
    expect(stillServed).toEqual(oldKey);
    if (newKey === undefined) throw new Error('no key is served');
    const during = await webhook(id);
    expect([await isSignedBy([oldKey], during), await isSignedBy([newKey], during), await isSignedBy([newKey], before)]).toEqual([
      true,
      true,
      false,
    ]);

    pass(595_000);
    expect(await keysOf(id)).toEqual([newKey]);
    const after = await webhook(id);
    expect([await isSignedBy([oldKey], after), await isSignedBy([newKey], after)]).toEqual([false, true]);
    expect(await isSignedBy([newKey], { ...after, body: Buffer.concat([after.body, Buffer.from(' ')]) })).toBe(false);
  });

  it('has keys with every member a receiver looks for, and shows the same key in the API', async () => {
    const { id } = await subscribe('v1a');
    const [key] = await keysOf(id);
    expect(key).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      use: 'sig',
      kid: expect.stringMatching(/^[\w-]{43}$/),
      x: expect.stringMatching(/^[\w-]{43}$/),
    });
    const stored = await relay.subscriptions.find(id);
    if (stored === undefined) throw new Error('not stored');
    const shown = JSON.stringify(subscriptionView(stored));
    expect(shown).toContain(
      `"publicKey":"whpk_${Buffer.from(key?.x ?? '', 'base64url').toString('base64')}","keyId":"${String(key?.kid)}"`,
    );
    for (const secret of ['whsk_', 'whsec_', 'sealed', 'ciphertext']) expect(shown).not.toContain(secret);
  });

  it('goes beside v1 on the way from one to the other', async () => {
    const { id, secret } = await subscribe('v1');
    const fresh = await rotate(id, { signature: 'both', overlapSeconds: 60 });
    const during = await webhook(id);
    expect(kindsIn(during)).toEqual(['v1', 'v1a', 'v1']);
    expect([isAccepted(secret, during), isAccepted(fresh, during), await isSignedBy(await keysOf(id), during)]).toEqual([true, true, true]);
    await rotate(id, { signature: 'v1a', overlapSeconds: 0 });
    pass(5_000);
    const after = await webhook(id);
    expect([kindsIn(after), isAccepted(fresh, after), await isSignedBy(await keysOf(id), after)]).toEqual([['v1a'], false, true]);
  });
});

it('serves no keys of a subscription that is deleted', async () => {
  const { id } = await subscribe('both');
  expect(await keysOf(id)).toHaveLength(1);
  await relay.subscriptions.setStatus(id, { status: 'deleted', from: ['active'], at: new Date(relay.nowMs) });
  expect(await keysOf(id)).toEqual([]);
});
