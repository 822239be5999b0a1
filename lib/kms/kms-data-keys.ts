import { AwsFailure } from '../aws/aws-failure.ts';
import type { ClientSettings } from '../aws/client-options.ts';
import { RelayError } from '../errors.ts';
import type { DataKeys, SealContext } from '../sealing/data-keys.ts';
import { kmsCall } from './kms-call.ts';

/** Data keys under a KMS key. The context is the KMS encryption context: CloudTrail shows it, and a key policy can ask for it. */
export function kmsDataKeys(settings: ClientSettings & { readonly keyId: string }): DataKeys {
  const call = kmsCall(settings);

  return {
    async generate(context) {
      const input = { KeyId: settings.keyId, KeySpec: 'AES_256', EncryptionContext: encryptionContext(context) };
      const { KeyId, Plaintext, CiphertextBlob } = await call('GenerateDataKey', input).catch((cause: unknown) => {
        throw unavailable('GenerateDataKey', cause);
      });
      if (KeyId === undefined || Plaintext === undefined || CiphertextBlob === undefined) throw unavailable('GenerateDataKey', undefined);
      return { keyId: KeyId, plaintext: Plaintext, wrapped: CiphertextBlob };
    },

    async unwrap(wrapped, keyId, context) {
      // Naming the key keeps KMS from opening it with whichever key the ciphertext asks for.
      const input = { KeyId: keyId, CiphertextBlob: base64(wrapped), EncryptionContext: encryptionContext(context) };
      const { Plaintext } = await call('Decrypt', input).catch((cause: unknown) => {
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

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/**
 * What will be refused again as long as the sealed secret stays as it is; a key id that is none is a ValidationException. A missing
 * permission, a disabled key and whatever else KMS may say can be mended without touching the secret, so they count as unavailable
 * and are retried.
 */
const refusals = ['InvalidCiphertextException', 'IncorrectKeyException', 'NotFoundException', 'ValidationException'];

function isRefusal(error: unknown): boolean {
  return error instanceof AwsFailure && refusals.includes(error.name);
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
