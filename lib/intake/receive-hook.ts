import { isRelayError } from '../errors.ts';
import { VerifiedHookRequest, type HookSecrets } from '../okta/authenticity.ts';
import { readChallenge } from '../okta/challenge.ts';
import { readHookEnvelope } from '../okta/hook-envelope.ts';
import type { UnverifiedHookRequest } from '../okta/hook-request.ts';
import { orgIdSchema, type Org } from '../okta/org.ts';
import type { Quarantine, QuarantineEntry } from '../quarantine/quarantine.ts';
import type { Appender } from './appender.ts';
import type { HookOutcome } from './hook-outcome.ts';
import type { OrgStore } from './org-store.ts';
import { eventEntries, wholeBodyEntry } from './quarantine-entries.ts';
import { readEvents } from './read-events.ts';
import { TimeBudget } from './time-budget.ts';
import { traceparentFor } from './traceparent.ts';

export interface ReceivingHooks {
  readonly orgs: OrgStore;
  readonly secrets: HookSecrets;
  readonly quarantine: Quarantine;
  readonly appender: Appender;
  readonly now: () => Date;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** Okta waits 3 s; 2.4 s of it are ours, and the last tenth of a second is for the answer itself. */
const workMs = 2_300;
/** A gateway gives up after 30 s: a request that says it is older, or from the future, tells the time wrongly. */
const oldestCredibleMs = 30_000;

/**
 * Takes one hook request from its raw bytes to an outcome: who sent it, what it asks, what is in it, and all of that
 * durable before anything is acknowledged. Okta's retry of the same request may run it again with the same effect.
 * @throws what is not expected: a bug, or an operator's fault (SECRET_UNREADABLE).
 */
export async function receiveHook(request: UnverifiedHookRequest, parts: ReceivingHooks): Promise<HookOutcome> {
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
  return fresh === org ? undefined : verify(fresh);
}

async function answer(request: VerifiedHookRequest, parts: ReceivingHooks, budget: TimeBudget): Promise<HookOutcome> {
  const org = request.org.id;
  if (request.target === 'other-path' || request.target === 'other-method') return { kind: request.target, org };
  if (request.target === 'events') return acceptEvents(request, parts, budget);
  const verification = readChallenge(request);
  return verification === undefined ? { kind: 'challenge-missing', org } : { kind: 'challenged', org, verification };
}

async function acceptEvents(request: VerifiedHookRequest, parts: ReceivingHooks, budget: TimeBudget): Promise<HookOutcome> {
  const receivedAt = parts.now();
  const origin = { org: request.org.id, receivedAt, body: request.body };
  const envelope = readHookEnvelope(request);
  if (envelope.kind === 'unreadable') {
    await keepAll([wholeBodyEntry(origin, envelope)], parts.quarantine, budget);
    return { kind: 'quarantined', org: request.org.id, reason: envelope.reason };
  }
  const traceparent = traceparentFor(request.headers.get('traceparent'), parts.randomBytes);
  const { records, rejected } = readEvents(envelope.events, {
    org: request.org,
    hookRequestId: envelope.hookRequestId,
    receivedAt,
    traceparent,
  });
  const entries = eventEntries(origin, rejected);
  const appended = records.length === 0 ? undefined : budget.within('CHANGE_LOG_UNAVAILABLE', () => parts.appender.append(records, budget));
  // Both are awaited to the end: what fails says so only after the other is done, or the environment would freeze in the middle of it.
  const [append, keep] = await Promise.allSettled([appended, keepAll(entries, parts.quarantine, budget)]);
  if (append.status === 'rejected') throw append.reason;
  if (keep.status === 'rejected') throw keep.reason;
  return {
    kind: 'accepted',
    org: request.org.id,
    events: envelope.events.length,
    changes: records.length,
    reasons: entries.map(({ reason }) => reason),
    traceparent,
    ...(append.value?.kind === 'spooled' ? { spooled: { because: append.value.because } } : {}),
  };
}

async function keepAll(entries: readonly QuarantineEntry[], quarantine: Quarantine, budget: TimeBudget): Promise<void> {
  await budget.within('QUARANTINE_UNAVAILABLE', async () => {
    await Promise.all(entries.map((entry) => quarantine.keep(entry)));
  });
}
