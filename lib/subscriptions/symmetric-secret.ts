import { base64Bytes } from '../sealing/base64-bytes.ts';

const prefix = 'whsec_';
/** Standard Webhooks 1.0, "Signature scheme": 192 to 512 bits. */
const keyBytes = { least: 24, most: 64 } as const;

/** The secret of a `v1` signature as its receiver is given it. */
export function symmetricSecretOf(key: Uint8Array): string {
  return `${prefix}${Buffer.from(key).toString('base64')}`;
}

/** The key in `whsec_` and base64 of 24 to 64 bytes; undefined when it is something else. */
export function symmetricKeyIn(secret: string): Uint8Array | undefined {
  const text = secret.slice(prefix.length);
  const key = Buffer.from(text, 'base64');
  const isReadable = secret.startsWith(prefix) && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return isReadable && key.length >= keyBytes.least && key.length <= keyBytes.most ? key : undefined;
}

/** What is wrong with a secret that a subscriber brings, in words that do not repeat it. Canonical base64 only: receivers decode other spellings differently. */
export function ownSecretProblem(secret: string): string | undefined {
  const isGood = symmetricKeyIn(secret) !== undefined && base64Bytes(secret.slice(prefix.length)) !== undefined;
  return isGood ? undefined : `must be \`${prefix}\` and the padded base64 of ${keyBytes.least} to ${keyBytes.most} bytes`;
}
