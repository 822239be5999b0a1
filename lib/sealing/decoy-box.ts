import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { DataKeys, SealContext } from './data-keys.ts';
import { SecretBox } from './secret-box.ts';
import type { SealedSecret } from './sealed-secret.ts';

const context: SealContext = { purpose: 'hook-secret', owner: 'nobody' };

/**
 * Opens a secret of nobody's, at the cost of opening a real one whose data key is at hand: what stands in where there is none to open, so
 * that the work says nothing about whether there is. Its key is made with the process and ends with it; no call leaves the process.
 */
export function decoyBox(options: { now: () => Date }): () => Promise<string> {
  const box = new SecretBox(processKeys(randomBytes(32)), options);
  let sealed: Promise<SealedSecret> | undefined;
  return async () => {
    // Not injected: what is in it never counts, and nobody may choose it.
    sealed ??= box.seal(randomBytes(32).toString('base64'), context);
    return box.open(await sealed, context);
  };
}

/** Data keys under a key of this process. */
function processKeys(master: Uint8Array): DataKeys {
  const keyId = 'process';
  const authTagLength = 16;
  return {
    async generate() {
      const plaintext = randomBytes(32);
      const iv = randomBytes(12);
      const wrapping = createCipheriv('aes-256-gcm', master, iv, { authTagLength });
      return { keyId, plaintext, wrapped: Buffer.concat([iv, wrapping.update(plaintext), wrapping.final(), wrapping.getAuthTag()]) };
    },
    async unwrap(wrapped) {
      const opening = createDecipheriv('aes-256-gcm', master, wrapped.subarray(0, 12), { authTagLength });
      opening.setAuthTag(wrapped.subarray(-authTagLength));
      return Buffer.concat([opening.update(wrapped.subarray(12, -authTagLength)), opening.final()]);
    },
  };
}
