import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { base64Bytes } from '../sealing/base64-bytes.ts';

const secretPrefix = 'whsk_';
/** Bytes of an Ed25519 seed, and of a public key (RFC 8032 §5.1.5). */
export const seedBytes = 32;
/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410 §7). */
const beforeSeed = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface KeyPair {
  /** `whsk_` and base64 of seed and public key, the form of Standard Webhooks 1.0. It is never told. */
  readonly secret: string;
  /** Base64. */
  readonly publicKey: string;
}

/** The key pair of a `v1a` signature that this seed makes. */
export function keyPairOf(seed: Uint8Array): KeyPair {
  const { x } = createPublicKey(privateKeyOf(seed)).export({ format: 'jwk' });
  const publicKey = Buffer.from(x ?? '', 'base64url');
  return { secret: `${secretPrefix}${Buffer.concat([seed, publicKey]).toString('base64')}`, publicKey: publicKey.toString('base64') };
}

/** The private key in what `keyPairOf` calls `secret`; undefined when it is something else. */
export function privateKeyIn(secret: string): KeyObject | undefined {
  if (!secret.startsWith(secretPrefix)) return undefined;
  const bytes = base64Bytes(secret.slice(secretPrefix.length), 2 * seedBytes);
  return bytes === undefined ? undefined : privateKeyOf(bytes.subarray(0, seedBytes));
}

/** A public key as Standard Webhooks 1.0 writes it. */
export function publicKeyText(publicKey: string): string {
  return `whpk_${publicKey}`;
}

/** Its name: the RFC 7638 thumbprint, so the same key has the same name everywhere. */
export function keyIdOf(publicKey: string): string {
  // Members in lexical order, without white space: RFC 7638 §3.3, RFC 8037 §2.
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: base64UrlOf(publicKey) }))
    .digest('base64url');
}

/** A public key as a JSON Web Key (RFC 8037 §2). */
export function jwkOf(publicKey: string): object {
  return { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: keyIdOf(publicKey), x: base64UrlOf(publicKey) };
}

function base64UrlOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('base64url');
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([beforeSeed, seed]), format: 'der', type: 'pkcs8' });
}
