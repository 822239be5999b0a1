import type { VerifiedHookRequest } from './authenticity.ts';
import { challengeHeader } from './hook-request.ts';

/** Okta's challenges have some forty characters; the bound keeps the answer from being an echo for anything. */
const maxChallengeCharacters = 1024;

/** The challenge to send back, or undefined when the request has none that could be Okta's. */
export function readChallenge(request: VerifiedHookRequest): string | undefined {
  const challenge = request.headers.get(challengeHeader);
  return challenge === undefined || challenge === '' || challenge.length > maxChallengeCharacters ? undefined : challenge;
}
