import { createHmac } from 'node:crypto';
import { VerifiedHookRequest, type HookSecrets } from '#lib/okta/authenticity.ts';
import type { UnverifiedHookRequest } from '#lib/okta/hook-request.ts';
import { orgSchema, type Authentication, type Org } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import type { SealedSecret } from '#lib/sealing/sealed-secret.ts';

export const noon = new Date('2026-11-21T12:00:00.000Z');

export const headerScheme = (...values: string[]): Authentication => ({
  kind: 'header',
  headerName: 'authorization',
  digests: values.map((value) => digestOf(value)),
});

export function orgWith(...authentication: Authentication[]): Org {
  return orgSchema.parse({ id: 'acme', hosts: ['acme.okta.com', 'login.acme.example.com'], authentication });
}

export function hookRequest(
  given: { headers?: Record<string, string>; body?: string | Uint8Array; target?: UnverifiedHookRequest['target'] } = {},
): UnverifiedHookRequest {
  return {
    orgId: 'acme',
    target: given.target ?? 'events',
    headers: new Map(Object.entries(given.headers ?? {})),
    body: Buffer.from(given.body ?? ''),
    sentAtMs: noon.getTime(),
  };
}

/** Stands in for a sealed secret in tests that are not about sealing: {@link openSecrets} finds the plain text in it. */
export function sealedAs(plaintext: string): SealedSecret {
  return { v: 1, keyId: 'local:test', wrappedKey: 'none', iv: 'none', ciphertext: plaintext, tag: 'none' };
}
export const openSecrets: HookSecrets = { open: async (sealed) => sealed.ciphertext, openDecoy: async () => undefined };

export function signature(key: string, timestamp: string, bytes: string | Uint8Array): string {
  return `v1=${createHmac('sha256', key).update(`${timestamp}.`).update(bytes).digest('hex')}`;
}

export async function verifiedRequest(given: Parameters<typeof hookRequest>[0]): Promise<VerifiedHookRequest> {
  const request = hookRequest({ ...given, headers: { ...given?.headers, authorization: 'right' } });
  const verified = await VerifiedHookRequest.verify(request, orgWith(headerScheme('right')), { secrets: openSecrets, now: () => noon });
  if (verified === undefined) throw new Error('the fixture does not prove itself');
  return verified;
}
