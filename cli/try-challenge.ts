import { randomUUID } from 'node:crypto';
import type { HookChannel } from './event-hook.ts';
import { networkReason } from './network-reason.ts';
import { parseJson } from './okta-failure.ts';

/** Okta's own patience. https://developer.okta.com/docs/concepts/event-hooks/#timeout-and-retry */
const oktaTimeoutMs = 3_000;
const timeoutMs = 10_000;

/**
 * After Okta could not verify a hook: asks the URL what Okta asked, and says what that shows. Okta itself tells no more than
 * that it failed. Never throws.
 */
export async function tryChallenge({ url, headerName, secret }: HookChannel, now: () => number): Promise<string[]> {
  const challenge = randomUUID();
  const startedAt = now();
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', 'x-okta-verification-challenge': challenge, [headerName]: secret },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    return [`From here, ${url} does not answer at all (${networkReason(error)}): check the URL, its DNS name and its certificate.`];
  }
  return [
    `From here, ${url} answers ${status} in ${now() - startedAt} ms. ${meaning({ status, echoes: echoes(text, challenge), tookMs: now() - startedAt })}`,
  ];
}

function echoes(text: string, challenge: string): boolean {
  const answer = parseJson(text);
  return typeof answer === 'object' && answer !== null && 'verification' in answer && answer.verification === challenge;
}

function meaning({ status, echoes, tookMs }: { status: number; echoes: boolean; tookMs: number }): string {
  if (status === 401)
    return 'The relay does not know this org, the org is disabled, or its secret or header is another: see GET /v1/orgs, or rotate the secret and run this again with --set-secret.';
  if (status === 403 || status === 404) return 'That is not the relay: check the URL, of the form https://…/okta/ORG/events.';
  if (status >= 500) return 'The relay or something it needs is down: see its alarms and docs/errors.md.';
  if (status !== 200 || !echoes) return 'That is not how the relay answers a challenge: check what stands in front of it.';
  if (tookMs > oktaTimeoutMs) return 'That is right but too slow: Okta waits for 3 s. A second run may find the relay warm.';
  return 'That is right: Okta cannot reach it as you can (a private network, allowed ranges, an incomplete certificate chain), or was unlucky once: run this again.';
}
