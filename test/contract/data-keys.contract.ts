import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataKeys, SealContext } from '#lib/sealing/data-keys.ts';

export interface DataKeysUnderTest {
  readonly keys: DataKeys;
  /** The same master key, as another process would open it. */
  readonly again: DataKeys;
  stop(): Promise<void>;
}

const context: SealContext = { purpose: 'signing-secret', owner: 'sub_a' };
const unreadable = { name: 'RelayError', code: 'SECRET_UNREADABLE' };

/** What every home of a master key owes to SecretBox. */
export function dataKeysContract(implementation: string, start: () => Promise<DataKeysUnderTest>): void {
  describe(`DataKeys × ${implementation}`, () => {
    let subject: DataKeysUnderTest;
    beforeAll(async () => void (subject = await start()));
    afterAll(() => subject.stop());

    it('[port: DataKeys] makes keys of 32 bytes, another one each time', async () => {
      const made = await Promise.all(Array.from({ length: 10 }, () => subject.keys.generate(context)));
      expect(made.map(({ plaintext }) => plaintext.length)).toEqual(Array(10).fill(32));
      expect(new Set(made.map(({ plaintext }) => Buffer.from(plaintext).toString('hex'))).size).toBe(10);
    });

    it('[port: DataKeys] unwraps what it wrapped, in another process too', async () => {
      const { keyId, plaintext, wrapped } = await subject.keys.generate(context);
      expect(Buffer.from(await subject.keys.unwrap(wrapped, keyId, context)).equals(plaintext)).toBe(true);
      expect(Buffer.from(await subject.again.unwrap(wrapped, keyId, context)).equals(plaintext)).toBe(true);
    });

    it('[port: DataKeys] does not let the key be read from what is stored', async () => {
      const { keyId, plaintext, wrapped } = await subject.keys.generate(context);
      expect(Buffer.from(wrapped).includes(Buffer.from(plaintext))).toBe(false);
      expect(keyId).not.toContain(Buffer.from(plaintext).toString('hex'));
    });

    it.each([
      ['owner', { ...context, owner: 'sub_b' }],
      ['purpose', { ...context, purpose: 'hook-secret' as const }],
    ])('[port: DataKeys] refuses another %s', async (_, other) => {
      const { keyId, wrapped } = await subject.keys.generate(context);
      await expect(subject.keys.unwrap(wrapped, keyId, other)).rejects.toMatchObject(unreadable);
    });

    it('[port: DataKeys] refuses a wrapped key with any byte altered, cut or added', async () => {
      const { keyId, wrapped } = await subject.keys.generate(context);
      for (let index = 0; index < wrapped.length; index += 1) {
        const altered = Uint8Array.from(wrapped, (byte, at) => (at === index ? byte ^ 1 : byte));
        await expect(subject.keys.unwrap(altered, keyId, context)).rejects.toMatchObject(unreadable);
      }
      for (const altered of [new Uint8Array(), wrapped.subarray(0, -1), Buffer.concat([wrapped, Buffer.of(0)])]) {
        await expect(subject.keys.unwrap(altered, keyId, context)).rejects.toMatchObject(unreadable);
      }
    });

    it('[port: DataKeys] refuses a key id that is not its own', async () => {
      const { wrapped } = await subject.keys.generate(context);
      await expect(subject.keys.unwrap(wrapped, 'local:0000000000000000', context)).rejects.toMatchObject(unreadable);
    });
  });
}
