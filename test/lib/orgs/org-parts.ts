import { randomBytes } from 'node:crypto';
import { VerifiedHookRequest } from '#lib/okta/authenticity.ts';
import type { Org } from '#lib/okta/org.ts';
import { hookRequest, openSecrets, sealedAs, signature } from '../okta/authenticity-fixtures.ts';
import { InMemoryOrgRegistry } from './in-memory-org-registry.ts';

/** A registry, a clock that tests move, and a box whose seals the fixtures can open. */
export function orgParts(startMs = Date.parse('2026-11-21T12:00:00.000Z')) {
  const clock = { nowMs: startMs };
  return {
    clock,
    orgs: new InMemoryOrgRegistry(),
    now: () => new Date(clock.nowMs),
    randomBytes: (count: number): Uint8Array => randomBytes(count),
    secretBox: { seal: async (plaintext: string) => sealedAs(plaintext) },
  };
}

/** Whether receive-hook takes this secret for the org's, sent as the org's first scheme wants it. */
export async function proves(org: Org, secret: string, nowMs: number): Promise<boolean> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const [scheme] = org.authentication;
  const headers =
    scheme?.kind === 'hmac'
      ? { 'x-relay-timestamp': timestamp, 'x-relay-signature': signature(secret, timestamp, 'body') }
      : scheme?.kind === 'basic'
        ? { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }
        : { [scheme?.headerName ?? '']: secret };
  const request = hookRequest({ body: 'body', headers });
  return (await VerifiedHookRequest.verify(request, org, { secrets: openSecrets, now: () => new Date(nowMs) })) !== undefined;
}
