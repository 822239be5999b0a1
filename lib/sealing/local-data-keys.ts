import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { RelayError } from '../errors.ts';
import type { DataKeys, SealContext } from './data-keys.ts';
import { readLocalKeyFile } from './local-key-file.ts';

const cipher = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Data keys under the master key in a file, for local mode. The file is read once, here, so that a bad one stops the start.
 * @throws RelayError CONFIG_INVALID when the file is missing, is open to others, or does not hold a key.
 */
export function localDataKeys(keyFile: string): DataKeys {
  const masterKey = readLocalKeyFile(keyFile);
  const keyId = `local:${createHash('sha256').update('okta-event-relay local key').update(masterKey).digest('hex').slice(0, 16)}`;

  return {
    async generate(context) {
      // Not injected, unlike other randomness: nothing but a test could want a data key that it can guess.
      const plaintext = randomBytes(keyBytes);
      const iv = randomBytes(ivBytes);
      const wrapping = createCipheriv(cipher, masterKey, iv, { authTagLength: tagBytes }).setAAD(authenticatedData(context));
      const wrapped = Buffer.concat([iv, wrapping.update(plaintext), wrapping.final(), wrapping.getAuthTag()]);
      return { keyId, plaintext, wrapped };
    },
    async unwrap(wrapped, wrappedBy, context) {
      if (wrappedBy !== keyId) throw refusal('It was sealed under another key than the one in the key file', context, wrappedBy);
      if (wrapped.length !== ivBytes + keyBytes + tagBytes) throw refusal('Its data key has not the right length', context, wrappedBy);
      try {
        const opening = createDecipheriv(cipher, masterKey, wrapped.subarray(0, ivBytes), { authTagLength: tagBytes });
        opening.setAAD(authenticatedData(context)).setAuthTag(wrapped.subarray(-tagBytes));
        return Buffer.concat([opening.update(wrapped.subarray(ivBytes, -tagBytes)), opening.final()]);
      } catch (cause) {
        throw refusal('Its data key was altered, or belongs to something else', context, wrappedBy, cause);
      }
    },
  };
}

function authenticatedData({ purpose, owner }: SealContext): Buffer {
  return Buffer.from(JSON.stringify(['data-key', 1, purpose, owner]));
}

function refusal(reason: string, { purpose, owner }: SealContext, keyId: string, cause?: unknown): RelayError {
  return new RelayError('SECRET_UNREADABLE', `A sealed secret cannot be opened. ${reason}`, { facts: { purpose, owner, keyId }, cause });
}
