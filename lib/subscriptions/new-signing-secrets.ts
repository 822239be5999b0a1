import type { SecretBox } from '../sealing/secret-box.ts';
import { keyPairOf, seedBytes } from './ed25519-keys.ts';
import { signatureKindOf, type SigningSecret } from './signing-secret.ts';
import type { SubscriptionId } from './subscription.ts';
import { symmetricSecretOf } from './symmetric-secret.ts';

/** How a subscription is signed for. `both`: every webhook carries both signatures, for an owner on the way from one to the other. */
export const signatureChoices = ['v1', 'v1a', 'both'] as const;
export type SignatureChoice = (typeof signatureChoices)[number];

/** Standard Webhooks 1.0 asks for 24 to 64 bytes. */
const secretBytes = 32;

export interface SigningSecretParts {
  readonly secretBox: Pick<SecretBox, 'seal'>;
  /** Must be fit for secrets. */
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface SecretRequest {
  readonly signature: SignatureChoice;
  readonly owner: SubscriptionId;
  readonly at: Date;
  /** Of the subscriber's own making, `whsec_…`, for `v1`; absent: one is made. */
  readonly secret?: string | undefined;
}

export interface NewSigningSecrets {
  /** One for each signature. */
  readonly signingSecrets: SigningSecret[];
  /** The shared secret of `v1`; absent with `v1a` alone, whose private half stays here. */
  readonly secret: string | undefined;
}

/** @throws RelayError KEY_UNAVAILABLE */
export async function newSigningSecrets(
  { signature, owner, at, secret: own }: SecretRequest,
  { secretBox, randomBytes }: SigningSecretParts,
): Promise<NewSigningSecrets> {
  const sealed = async (text: string) => ({
    sealed: await secretBox.seal(text, { purpose: 'signing-secret', owner }),
    createdAt: at.toISOString(),
  });
  const secret = signature === 'v1a' ? undefined : (own ?? symmetricSecretOf(randomBytes(secretBytes)));
  const pair = signature === 'v1' ? undefined : keyPairOf(randomBytes(seedBytes));
  return {
    secret,
    signingSecrets: [
      ...(secret === undefined ? [] : [await sealed(secret)]),
      ...(pair === undefined ? [] : [{ ...(await sealed(pair.secret)), publicKey: pair.publicKey }]),
    ],
  };
}

/** How a subscription is signed for now: by those of its secrets that are not on their way out. */
export function signatureChoiceOf(secrets: readonly SigningSecret[]): SignatureChoice {
  const kinds = new Set(secrets.filter(({ expiresAt }) => expiresAt === undefined).map(signatureKindOf));
  if (kinds.size > 1) return 'both';
  return kinds.has('v1a') ? 'v1a' : 'v1';
}
