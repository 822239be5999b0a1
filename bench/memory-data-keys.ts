import { randomBytes } from 'node:crypto';
import type { DataKeys } from '#lib/sealing/data-keys.ts';

/** Data keys that lie in memory, so that opening a secret costs what it costs with the key at hand. */
export function memoryDataKeys(): DataKeys {
  const keys = new Map<string, Uint8Array>();
  return {
    async generate() {
      const [wrapped, plaintext] = [randomBytes(16), randomBytes(32)];
      keys.set(wrapped.toString('hex'), Buffer.from(plaintext));
      return { keyId: 'memory', plaintext, wrapped };
    },
    async unwrap(wrapped) {
      const key = keys.get(Buffer.from(wrapped).toString('hex'));
      if (key === undefined) throw new Error('No such data key');
      return key;
    },
  };
}
