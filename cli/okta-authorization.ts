import { createPrivateKey, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

/** How calls prove who makes them: an API token, or a service app with a key pair. */
export type OktaCredentials =
  | { readonly kind: 'api-token'; readonly token: string }
  | {
      readonly kind: 'private-key';
      readonly clientId: string;
      readonly key: KeyObject;
      readonly algorithm: string;
      readonly keyId: string | undefined;
    };

/** Both, because `manage` is not said to cover what lists. https://developer.okta.com/docs/api/oauth2/ */
export const scopes = 'okta.eventHooks.manage okta.eventHooks.read';

/** Okta takes an hour at most; minutes are enough for a clock that is a little off. */
const assertionLifetimeSeconds = 300;
const ellipticAlgorithms: Readonly<Partial<Record<string, string>>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** The form of the client credentials grant with private_key_jwt. https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/ */
export async function tokenRequest(
  { clientId, key, algorithm, keyId }: Extract<OktaCredentials, { kind: 'private-key' }>,
  { tokenUrl, nowMs }: { tokenUrl: string; nowMs: number },
): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000);
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: algorithm, ...(keyId === undefined ? {} : { kid: keyId }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(tokenUrl)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + assertionLifetimeSeconds)
    .setJti(randomUUID())
    .sign(key);
  return new URLSearchParams({
    grant_type: 'client_credentials',
    scope: scopes,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }).toString();
}

export type ReadKey =
  | { readonly kind: 'key'; readonly key: KeyObject; readonly algorithm: string; readonly keyId: string | undefined }
  | { readonly kind: 'problem'; readonly problem: string };

/** Reads a private key in PEM or as a JWK, and says how Okta lets it sign. */
export function readPrivateKey(text: string): ReadKey {
  const jwk = readJwk(text);
  let key: KeyObject;
  try {
    key = jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    // What OpenSSL says about a key may quote it.
    return { kind: 'problem', problem: 'holds no private key, neither as PEM without a passphrase nor as a JWK' };
  }
  const algorithm = algorithmOf(key);
  if (algorithm === undefined)
    return { kind: 'problem', problem: 'holds a key that Okta does not take: RSA, or EC on P-256, P-384 or P-521' };
  return { kind: 'key', key, algorithm, keyId: typeof jwk?.['kid'] === 'string' ? jwk['kid'] : undefined };
}

function algorithmOf(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  return key.asymmetricKeyType === 'ec' ? ellipticAlgorithms[key.asymmetricKeyDetails?.namedCurve ?? ''] : undefined;
}

function readJwk(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // No JSON: then it is PEM, or nothing that can be read.
    return undefined;
  }
}
