import { digestOf } from '../okta/secret-digest.ts';
import type { OrgId } from '../okta/org.ts';
import type { SecretBox } from '../sealing/secret-box.ts';
import type { SealedSecret } from '../sealing/sealed-secret.ts';
import type { SchemeKind } from './org-request.ts';

/** As many as SHA-256 has: guessing one is as hard as guessing what it is kept as. */
const secretBytes = 32;

export interface SecretParts {
  readonly secretBox: Pick<SecretBox, 'seal'>;
  /** Must be fit for secrets. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** A secret as the sender has to be given it; for `basic` it is `user:password`. */
export function newHookSecret(kind: SchemeKind, { randomBytes }: Pick<SecretParts, 'randomBytes'>): string {
  const text = `ohs_${Buffer.from(randomBytes(secretBytes)).toString('base64url')}`;
  return kind === 'basic' ? `okta:${text}` : text;
}

/** What is kept of a secret: a digest where comparing is enough, sealed where verifying needs it whole. @throws RelayError KEY_UNAVAILABLE */
export type KeptSecret =
  { readonly kind: 'header' | 'basic'; readonly digest: string } | { readonly kind: 'hmac'; readonly sealed: SealedSecret };

export async function keptSecret(
  kind: SchemeKind,
  secret: string,
  { org, secretBox }: { org: OrgId } & Pick<SecretParts, 'secretBox'>,
): Promise<KeptSecret> {
  if (kind !== 'hmac') return { kind, digest: digestOf(secret) };
  return { kind, sealed: await secretBox.seal(secret, { purpose: 'hook-secret', owner: org }) };
}
