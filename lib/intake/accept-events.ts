import { isRelayError, type RelayError } from '../errors.ts';
import type { VerifiedHookRequest } from '../okta/authenticity.ts';
import { readHookEnvelope, type HookEnvelope } from '../okta/hook-envelope.ts';
import type { Quarantine, QuarantineEntry, QuarantineReason } from '../quarantine/quarantine.ts';
import type { AcceptedRequests, SignedRequest } from './accepted-requests.ts';
import type { Appender } from './appender.ts';
import type { Hearing } from './hearing.ts';
import type { HookBinding } from './hook-binding.ts';
import type { HookOutcome } from './hook-outcome.ts';
import { eventEntries, wholeBodyEntry } from './quarantine-entries.ts';
import { readEvents } from './read-events.ts';
import type { TimeBudget } from './time-budget.ts';
import { traceparentFor } from './traceparent.ts';

export interface AcceptingEvents {
  readonly hooks: Pick<HookBinding, 'isKeptAside' | 'newest' | 'sight'>;
  readonly hearing: Pick<Hearing, 'hear'>;
  readonly accepted: AcceptedRequests;
  readonly quarantine: Quarantine;
  readonly appender: Appender;
  readonly now: () => Date;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** What is known of a signed request is asked and noted in this time each, or left: doing it twice is harmless, doing it late is not. */
const memoryMs = 300;

/** Makes the events of an authentic request durable, each in the log or in quarantine. A signed one that was accepted before is left alone. */
export async function acceptEvents(request: VerifiedHookRequest, parts: AcceptingEvents, budget: TimeBudget): Promise<HookOutcome> {
  const org = request.org.id;
  const signed = request.signed === undefined ? undefined : { org, ...request.signed };
  if (signed !== undefined && (await wasAccepted(signed, parts, budget))) return { kind: 'repeated', org };
  // Both to the end, or the environment would freeze in the middle of one.
  const [worked, heard] = await Promise.allSettled([work(request, parts, budget), parts.hearing.hear(org, budget)]);
  if (worked.status === 'rejected') throw worked.reason;
  if (heard.status === 'rejected') throw heard.reason;
  const outcome = worked.value;
  // What ends otherwise has a louder line already, and the note is tried again soon. Nor is a request noted whose body went to quarantine: sent again it
  // makes the same entry, or is read by then, because an operator has put right what was wrong.
  if (outcome.kind !== 'accepted') return outcome;
  const unnoted = (signed === undefined ? undefined : await noteAccepted(signed, parts, budget)) ?? heard.value;
  return unnoted === undefined ? outcome : { ...outcome, unnoted };
}

async function work(request: VerifiedHookRequest, parts: AcceptingEvents, budget: TimeBudget): Promise<HookOutcome> {
  const receivedAt = parts.now();
  const origin = { org: request.org.id, receivedAt, body: request.body };
  const setAside = async (fault: { reason: QuarantineReason; detail: string }): Promise<HookOutcome> => {
    await keepAll([wholeBodyEntry(origin, fault)], parts.quarantine, budget);
    return { kind: 'quarantined', org: request.org.id, reason: fault.reason };
  };
  const envelope = await readEnvelope(request, parts, budget);
  if (envelope.kind === 'unreadable') return setAside(envelope);
  const { hookId } = envelope;
  if (await parts.hooks.isKeptAside(request.org, hookId, budget.remainingMs()))
    return setAside({
      reason: 'hook-unconfirmed',
      detail: `source names ${hookId ?? 'no event hook'}, which is not confirmed for the org`,
    });

  const traceparent = traceparentFor(request.headers.get('traceparent'), parts.randomBytes);
  const context = { org: request.org, hookRequestId: envelope.hookRequestId, receivedAt, traceparent };
  const { records, rejected } = readEvents(envelope.events, context);
  const entries = eventEntries(origin, rejected);
  const appended = records.length === 0 ? undefined : budget.within('CHANGE_LOG_UNAVAILABLE', () => parts.appender.append(records, budget));
  // All are awaited to the end: what fails says so only after the others are done, or the environment would freeze in the middle of them.
  const [append, keep, sighting] = await Promise.allSettled([
    appended,
    keepAll(entries, parts.quarantine, budget),
    hookId === undefined ? undefined : parts.hooks.sight(request.org, hookId, budget.remainingMs()),
  ]);
  if (append.status === 'rejected') throw append.reason;
  if (keep.status === 'rejected') throw keep.reason;
  if (sighting.status === 'rejected') throw sighting.reason;
  return {
    kind: 'accepted',
    org: request.org.id,
    events: envelope.events.length,
    changes: records.length,
    reasons: entries.map(({ reason }) => reason),
    traceparent,
    ...(append.value?.kind === 'spooled' ? { spooled: { because: append.value.because } } : {}),
    ...(hookId !== undefined && sighting.value?.standing === 'unconfirmed' ? { unconfirmedHook: hookId } : {}),
    ...(sighting.value?.unnoted === undefined ? {} : { unnoted: sighting.value.unnoted }),
  };
}

/** A host that is not the org's by what this environment knows may have become one since. */
async function readEnvelope(request: VerifiedHookRequest, { hooks }: AcceptingEvents, budget: TimeBudget): Promise<HookEnvelope> {
  const envelope = readHookEnvelope(request);
  if (envelope.kind === 'readable' || envelope.reason !== 'source-mismatch') return envelope;
  return readHookEnvelope(request, (await hooks.newest(request.org, budget.remainingMs())).hosts);
}

async function wasAccepted(signed: SignedRequest, parts: AcceptingEvents, budget: TimeBudget): Promise<boolean> {
  try {
    return await budget.withinAtMost(memoryMs, 'SENDER_STORE_UNAVAILABLE', () => parts.accepted.has(signed));
  } catch (error) {
    if (!isRelayError(error, 'SENDER_STORE_UNAVAILABLE')) throw error;
    // Refusing for want of a memory would lose events; doing the same request twice adds nothing that is not recognised by its ids later.
    return false;
  }
}

async function noteAccepted(signed: SignedRequest, parts: AcceptingEvents, budget: TimeBudget): Promise<RelayError | undefined> {
  try {
    await budget.withinAtMost(memoryMs, 'SENDER_STORE_UNAVAILABLE', () => parts.accepted.add(signed));
    return undefined;
  } catch (error) {
    if (!isRelayError(error, 'SENDER_STORE_UNAVAILABLE')) throw error;
    return error;
  }
}

async function keepAll(entries: readonly QuarantineEntry[], quarantine: Quarantine, budget: TimeBudget): Promise<void> {
  await budget.within('QUARANTINE_UNAVAILABLE', async () => {
    await Promise.all(entries.map((entry) => quarantine.keep(entry)));
  });
}
