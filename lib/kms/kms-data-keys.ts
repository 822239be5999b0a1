import {
  DecryptCommand,
  GenerateDataKeyCommand,
  IncorrectKeyException,
  InvalidCiphertextException,
  KMSClient,
  NotFoundException,
} from '@aws-sdk/client-kms';
import { clientOptions, type ClientSettings } from '../aws/client-options.ts';
import { RelayError } from '../errors.ts';
import type { DataKeys, SealContext } from '../sealing/data-keys.ts';

/** Data keys under a KMS key. The context is the KMS encryption context: CloudTrail shows it, and a key policy can ask for it. */
export function kmsDataKeys(settings: ClientSettings & { readonly keyId: string }): DataKeys {
  const kms = new KMSClient(clientOptions(settings));

  return {
    async generate(context) {
      const command = new GenerateDataKeyCommand({
        KeyId: settings.keyId,
        KeySpec: 'AES_256',
        EncryptionContext: encryptionContext(context),
      });
      const { KeyId, Plaintext, CiphertextBlob } = await kms.send(command).catch((cause: unknown) => {
        throw unavailable('GenerateDataKey', cause);
      });
      if (KeyId === undefined || Plaintext === undefined || CiphertextBlob === undefined) throw unavailable('GenerateDataKey', undefined);
      return { keyId: KeyId, plaintext: Plaintext, wrapped: CiphertextBlob };
    },

    async unwrap(wrapped, keyId, context) {
      // Naming the key keeps KMS from opening it with whichever key the ciphertext asks for.
      const command = new DecryptCommand({ KeyId: keyId, CiphertextBlob: wrapped, EncryptionContext: encryptionContext(context) });
      const { Plaintext } = await kms.send(command).catch((cause: unknown) => {
        throw isRefusal(cause) ? unreadable(context, keyId, cause) : unavailable('Decrypt', cause);
      });
      if (Plaintext === undefined) throw unavailable('Decrypt', undefined);
      return Plaintext;
    },
  };
}

function encryptionContext({ purpose, owner }: SealContext): Record<string, string> {
  return { purpose, owner };
}

/**
 * What will be refused again as long as the sealed secret stays as it is. A missing permission, a disabled key and whatever
 * else KMS may say can be mended without touching the secret, so they count as unavailable and are retried.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof InvalidCiphertextException || error instanceof IncorrectKeyException || error instanceof NotFoundException)
    return true;
  // A key id that is none: KMS answers it with an error that the SDK has no class for.
  return error instanceof Error && error.name === 'ValidationException';
}

function unavailable(operation: string, cause: unknown): RelayError {
  return new RelayError('KEY_UNAVAILABLE', 'KMS did not answer with a key', {
    facts: { operation, reason: cause instanceof Error ? cause.name : 'incomplete answer' },
    cause,
  });
}

function unreadable({ purpose, owner }: SealContext, keyId: string, cause: unknown): RelayError {
  return new RelayError('SECRET_UNREADABLE', 'KMS refuses to open a sealed secret', { facts: { purpose, owner, keyId }, cause });
}
