import { CachedOrgStore } from '#lib/intake/cached-org-store.ts';
import { receiveHook } from '#lib/intake/receive-hook.ts';
import type { HookSecrets } from '#lib/okta/authenticity.ts';
import type { UnverifiedHookRequest } from '#lib/okta/hook-request.ts';
import type { Org } from '#lib/okta/org.ts';
import { inMemoryHooks } from '../test/lib/intake/in-memory-ports.ts';
import type { PairGroup } from './timing-pair.ts';
import type { Guess } from './timing-samples.ts';

/** Large enough that one verification more is far beyond what `alike` allows, small enough that thousands take seconds. */
const bodyBytes = 64 * 1_024;
/** An org that was read longer ago than a second is read again after a wrong secret. */
const betweenMs = 1_001;
/** A guess takes fifty times as long as a comparison. */
const share = 0.5;

/** All that is done for a guess with a large body but the step of the refusal, in an environment that read the org a little more than a second ago. */
export function frontDoorGroup(given: { secrets: HookSecrets; now: () => Date; signing: Org; withHeader: Org }): PairGroup {
  const guessAt = (org: Org | undefined): Guess => {
    let nowMs = given.now().getTime();
    const now = (): Date => new Date(nowMs);
    // Like a table: each read makes an object of its own.
    const orgs = new CachedOrgStore({ find: async () => (org === undefined ? undefined : { ...org }) }, { now });
    const parts = { ...inMemoryHooks().parts, orgs, now, secrets: given.secrets };
    return () => {
      nowMs += betweenMs;
      return receiveHook(request, parts);
    };
  };
  const unknown = guessAt(undefined);
  return {
    name: 'receive-hook, with a body of 64 KiB',
    pairs: [
      { name: 'an org that signs or an unknown one', kind: 'alike', guesses: [guessAt(given.signing), unknown], share },
      { name: 'an org with a header or an unknown one', kind: 'alike', guesses: [guessAt(given.withHeader), unknown], share },
    ],
  };
}

const request: UnverifiedHookRequest = {
  orgId: 'acme',
  target: 'events',
  headers: new Map([
    ['authorization', 'wrong'],
    ['x-relay-timestamp', '1'],
    ['x-relay-signature', `v1=${'0'.repeat(64)}`],
  ]),
  body: Buffer.alloc(bodyBytes, 'x'),
  sentAtMs: 0,
};
