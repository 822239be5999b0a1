import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import type { DataKeys, SealContext } from '#lib/sealing/data-keys.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { sealedSecretSchema, type SealedSecret } from '#lib/sealing/sealed-secret.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';

const context: SealContext = { purpose: 'signing-secret', owner: 'sub_a' };
const minutes = 60_000;

describe('SecretBox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secret-box-'));
  let real: DataKeys;
  let unwraps: number;
  let down: boolean;
  let nowMs: number;
  let box: SecretBox;

  beforeAll(() => {
    createLocalKeyFile(join(folder, 'key'));
    real = localDataKeys(join(folder, 'key'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    unwraps = 0;
    down = false;
    nowMs = 1_000_000;
    const counting: DataKeys = {
      generate: (owner) => real.generate(owner),
      unwrap: async (...input) => {
        unwraps += 1;
        if (down) throw new RelayError('KEY_UNAVAILABLE', 'down');
        return real.unwrap(...input);
      },
    };
    box = new SecretBox(counting, { now: () => new Date(nowMs) });
  });

  it('opens what it sealed, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const sealed = await box.seal(text, context);
        expect(sealedSecretSchema.parse(JSON.parse(JSON.stringify(sealed)))).toEqual(sealed);
        expect(await box.open(sealed, context)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it('makes another data key, IV and ciphertext each time', async () => {
    const sealed = await Promise.all(Array.from({ length: 20 }, () => box.seal('same', context)));
    for (const field of ['wrappedKey', 'iv', 'ciphertext', 'tag'] as const) expect(new Set(sealed.map((one) => one[field])).size).toBe(20);
  });

  it('shows nothing of the secret', async () => {
    const sealed = await box.seal('whsec_very-secret', context);
    expect(Buffer.from(sealed.ciphertext, 'base64').toString('latin1')).not.toContain('very');
    expect(JSON.stringify(sealed)).not.toContain('very-secret');
  });

  it.each([
    ['owner', { ...context, owner: 'sub_b' }],
    ['purpose', { ...context, purpose: 'hook-secret' as const }],
  ])('does not open for another %s, not even with the key in its cache', async (_, other) => {
    const sealed = await box.seal('secret', context);
    await box.open(sealed, context);
    await expect(box.open(sealed, other)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });

  const alterations: [string, (text: string) => string][] = [
    ['its first character changed', (text) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)],
    ['one byte less', (text) => Buffer.from(text, 'base64').subarray(0, -1).toString('base64')],
    ['one byte more', (text) => Buffer.concat([Buffer.from(text, 'base64'), Buffer.of(0)]).toString('base64')],
    ['nothing in it', () => ''],
    ['a space in it', (text) => `${text.slice(0, 4)} ${text.slice(4)}`],
    ['its padding changed', (text) => (text.endsWith('=') ? text.slice(0, -1) : `${text}=`)],
  ];
  const fields = ['wrappedKey', 'iv', 'ciphertext', 'tag', 'keyId'] as const;
  it.each(fields.flatMap((field) => alterations.map(([name, alter]) => [field, name, alter] as const)))(
    'does not open when %s has %s',
    async (field, _, alter) => {
      const sealed = await box.seal('a secret of some length', context);
      await box.open(sealed, context);
      const altered: SealedSecret = { ...sealed, [field]: field === 'keyId' ? `${alter('local')}x` : alter(sealed[field]) };
      await expect(box.open(altered, context)).rejects.toMatchObject({ name: 'RelayError', code: 'SECRET_UNREADABLE' });
    },
  );

  it('does not open with a tag of another length, however well it begins', async () => {
    const sealed = await box.seal('secret', context);
    for (const length of [4, 8, 12, 13, 14, 15]) {
      const tag = Buffer.from(sealed.tag, 'base64').subarray(0, length).toString('base64');
      await expect(box.open({ ...sealed, tag }, context)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    }
  });

  it('does not open parts of two secrets put together', async () => {
    const [one, two] = await Promise.all([box.seal('one', context), box.seal('two', context)]);
    await expect(box.open({ ...one, wrappedKey: two.wrappedKey }, context)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    await expect(box.open({ ...one, iv: two.iv, ciphertext: two.ciphertext, tag: two.tag }, context)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
    });
  });

  it('does not open under another master key', async () => {
    createLocalKeyFile(join(folder, 'other'));
    const other = new SecretBox(localDataKeys(join(folder, 'other')), { now: () => new Date(nowMs) });
    await expect(other.open(await box.seal('secret', context), context)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });

  it('unwraps once for many callers, and again after five minutes', async () => {
    const sealed = await box.seal('secret', context);
    await Promise.all(Array.from({ length: 10 }, () => box.open(sealed, context)));
    nowMs += 5 * minutes - 1;
    await box.open(sealed, context);
    expect(unwraps).toBe(1);
    nowMs += 1;
    await box.open(sealed, context);
    expect(unwraps).toBe(2);
  });

  it.each([
    ['five minutes', 'a secret with a key at hand', 5 * minutes],
    ['a day', 'what cannot be read', 24 * 60 * minutes],
  ])('after %s drops a key when it opens %s', async (_, what, laterMs) => {
    const startMs = nowMs;
    const [old, young] = await Promise.all([box.seal('old', context), box.seal('young', context)]);
    await box.open(old, context);
    nowMs = startMs + 5 * minutes - 1;
    await box.open(young, context);
    nowMs = startMs + laterMs;
    if (what === 'what cannot be read') await expect(box.open({ ...young, iv: '' }, context)).rejects.toThrow();
    else await box.open(young, context);
    expect(unwraps).toBe(2);
    // Set back, the clock would let the old key be used again, were it still there.
    nowMs = startMs;
    await box.open(old, context);
    expect(unwraps).toBe(3);
  });

  it('caches for less when told so, never for more', async () => {
    const dataKeys: DataKeys = { generate: (owner) => real.generate(owner), unwrap: (...input) => ((unwraps += 1), real.unwrap(...input)) };
    for (const [cacheMs, lastsMs] of [
      [1_000, 1_000],
      [60 * minutes, 5 * minutes],
      [0, 0],
    ] as const) {
      unwraps = 0;
      const other = new SecretBox(dataKeys, { now: () => new Date(nowMs), cacheMs });
      const sealed = await other.seal('secret', context);
      await other.open(sealed, context);
      nowMs += lastsMs;
      await other.open(sealed, context);
      expect(unwraps).toBe(2);
    }
  });

  it('does not remember that the key was unreachable', async () => {
    const sealed = await box.seal('secret', context);
    down = true;
    await expect(box.open(sealed, context)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    down = false;
    expect(await box.open(sealed, context)).toBe('secret');
  });

  it('keeps 1,000 keys at most, dropping the oldest', async () => {
    const sealed = await Promise.all(Array.from({ length: 1_001 }, (_, index) => box.seal(`secret ${index}`, context)));
    for (const one of sealed) await box.open(one, context);
    expect(unwraps).toBe(1_001);
    expect(await box.open(sealed[1_000]!, context)).toBe('secret 1000');
    expect(unwraps).toBe(1_001);
    expect(await box.open(sealed[0]!, context)).toBe('secret 0');
    expect(unwraps).toBe(1_002);
  });
});
