import { isDeepStrictEqual } from 'node:util';
import { isRelayError } from '../errors.ts';
import { VerifiedHookRequest, type HookSecrets } from '../okta/authenticity.ts';
import { readChallenge } from '../okta/challenge.ts';
import type { UnverifiedHookRequest } from '../okta/hook-request.ts';
import { orgIdSchema, type Org } from '../okta/org.ts';
import { isInRanges, type SenderRanges } from '../okta/sender-ranges.ts';
import { acceptEvents, type AcceptingEvents } from './accept-events.ts';
import type { HookOutcome } from './hook-outcome.ts';
import type { OrgStore } from './org-store.ts';
import { refuseEvenly, type RefusalClock } from './refuse-evenly.ts';
import { TimeBudget } from './time-budget.ts';

export interface ReceivingHooks extends AcceptingEvents {
  readonly orgs: OrgStore;
  readonly secrets: HookSecrets;
  /** Networks that requests may come from. */
  readonly senders: SenderRanges;
  readonly refusals: RefusalClock;
}

/** Okta waits 3 s; 2.4 s of it are ours, and the last tenth of a second is for the answer itself. */
export const workMs = 2_300;
/** A gateway gives up after 30 s: a request that says it is older, or from the future, tells the time wrongly. */
const oldestCredibleMs = 30_000;

/**
 * Takes one hook request from its raw bytes to an outcome: who sent it, what it asks, what is in it, and all of that
 * durable before anything is acknowledged. Okta's retry of the same request may run it again with the same effect.
 * @throws what is not expected: a bug, or an operator's fault (SECRET_UNREADABLE).
 */
export async function receiveHook(request: UnverifiedHookRequest, parts: ReceivingHooks): Promise<HookOutcome> {
  const arrivedAtMs = parts.refusals.elapsedMs();
  const outcome = await receive(request, parts);
  if (outcome.kind === 'refused') await refuseEvenly(arrivedAtMs, parts.refusals);
  return outcome;
}

async function receive(request: UnverifiedHookRequest, parts: ReceivingHooks): Promise<HookOutcome> {
  if (!isInRanges(parts.senders, request.sourceIp)) return { kind: 'refused', because: 'address' };
  const nowMs = parts.now().getTime();
  const ageMs = nowMs - request.sentAtMs;
  const startedAtMs = ageMs >= 0 && ageMs <= oldestCredibleMs ? request.sentAtMs : nowMs;
  const budget = new TimeBudget({ endsAtMs: startedAtMs + workMs, now: parts.now });
  try {
    const verified = await authenticate(request, parts, budget);
    return verified === undefined ? { kind: 'refused' } : await answer(verified, parts, budget);
  } catch (error) {
    // Out of reach is an outcome we expect: Okta is asked to send again. Everything else is thrown on.
    if (isRelayError(error) && error.retry) return { kind: 'unavailable', error };
    throw error;
  }
}

async function authenticate(
  request: UnverifiedHookRequest,
  parts: ReceivingHooks,
  budget: TimeBudget,
): Promise<VerifiedHookRequest | undefined> {
  const id = orgIdSchema.safeParse(request.orgId).data;
  const find = (fresh: boolean) =>
    id === undefined ? undefined : budget.within('ORG_STORE_UNAVAILABLE', () => parts.orgs.find(id, { fresh }));
  const verify = (org: Org | undefined) => budget.within('KEY_UNAVAILABLE', () => VerifiedHookRequest.verify(request, org, parts));
  const org = await find(false);
  const verified = await verify(org);
  if (verified !== undefined) return verified;
  // A warm environment may hold secrets from before a rotation, or not know a new org; a 401 now would destroy the events.
  const fresh = await find(true);
  return takesTheSameProofs(org, fresh) ? undefined : verify(fresh);
}

/**
 * A known org that is read again is another object, however little has changed, and nobody stays nobody: to verify once more for that
 * alone would take a known org twice the time, of which a large body makes milliseconds.
 */
function takesTheSameProofs(one: Org | undefined, other: Org | undefined): boolean {
  return isDeepStrictEqual([one?.status, one?.authentication], [other?.status, other?.authentication]);
}

async function answer(request: VerifiedHookRequest, parts: ReceivingHooks, budget: TimeBudget): Promise<HookOutcome> {
  const org = request.org.id;
  if (request.target === 'other-path' || request.target === 'other-method') return { kind: request.target, org };
  if (request.target === 'events') return acceptEvents(request, parts, budget);
  const verification = readChallenge(request);
  return verification === undefined ? { kind: 'challenge-missing', org } : { kind: 'challenged', org, verification };
}
