import type { LogEvent, LogEventOutcome } from '../okta/log-event.ts';
import type { Org } from '../okta/org.ts';
import { attributeText } from './attribute-text.ts';
import type { Change } from './change.ts';
import { changeTypes, type ChangeType } from './change-types.ts';
import { orderingKeyOf } from './ordering-key.ts';
import { participantsOf, type Participants } from './participants.ts';
import { namesIn } from './names-in.ts';
import { scimOf } from './scim.ts';
import { stateKeyOf } from './state-key.ts';
import { subjectOf } from './subject.ts';

export interface NormaliseContext {
  readonly org: Org;
  /** The envelope's `eventId`. */
  readonly hookRequestId?: string | undefined;
  readonly receivedAt: Date;
  readonly origin: Change['origin'];
}

const rows: ReadonlyMap<string, ChangeType> = new Map(changeTypes.map((row) => [row.eventType, row]));
const successes: readonly string[] = ['SUCCESS', 'ALLOW'];

/**
 * Says an Okta event in our words. Total: one readable event makes exactly one change, and nothing throws. It is an
 * `identity.*` change when its type is in {@link changeTypes}, it succeeded and it names the participants the row needs;
 * in every other case it is `okta.<eventType>`, a fact with the whole event in `data.okta.event`.
 */
export function normalise(event: LogEvent, context: NormaliseContext): Change {
  const participants = participantsOf(event);
  const row = rowOf(event, participants);
  const subject = subjectOf(event);
  const stateKey = row && stateKeyOf(row, participants);
  // An org always has a host; what stands here for none only keeps this total.
  const [host = context.org.id] = context.org.hosts;
  return {
    specversion: '1.0',
    id: attributeText(event.uuid),
    source: `https://${host}`,
    type: row?.type ?? `okta.${attributeText(event.eventType)}`,
    ...(subject !== undefined && { subject: `${subject.collection}/${attributeText(subject.id)}` }),
    time: event.published.toISOString(),
    datacontenttype: 'application/json',
    partitionkey: `${context.org.id}:${orderingKeyOf(event)}`,
    recordedtime: context.receivedAt.toISOString(),
    ...(stateKey !== undefined && { statekey: stateKey }),
    origin: context.origin,
    data: dataOf({ event, context, participants, row }),
  };
}

/** The row that an event fulfils in every respect. */
function rowOf(event: LogEvent, participants: Participants): ChangeType | undefined {
  const row = rows.get(event.eventType);
  if (row === undefined || !succeeded(event.outcome, row)) return undefined;
  return row.needs.every((name) => participants[name] !== undefined) ? row : undefined;
}

function succeeded(outcome: LogEventOutcome, row: ChangeType): boolean {
  if (outcome.kind === 'stated') return successes.includes(outcome.result);
  return outcome.kind === 'absent' && row.assumeSuccess;
}

interface Parts {
  readonly event: LogEvent;
  readonly context: NormaliseContext;
  readonly participants: Participants;
  readonly row: ChangeType | undefined;
}

function dataOf(parts: Parts): Change['data'] {
  const { event, context, participants, row } = parts;
  const { actor } = event;
  const roles = row?.rolesFrom && namesIn(event, row.rolesFrom);
  const attributes = row?.changesAppProfile && namesIn(event, 'changedAttributes');
  const scim = row && scimOf(row, { event, participants });
  return {
    org: context.org.id,
    ...participants,
    ...(participants.app !== undefined && attributes !== undefined && { app: { ...participants.app, attributes } }),
    ...(actor !== undefined && {
      actor: {
        id: actor.id,
        ...(actor.type !== undefined && { type: actor.type }),
        ...(actor.displayName !== undefined && { displayName: actor.displayName }),
      },
    }),
    ...(roles !== undefined && { roles }),
    ...(scim !== undefined && { scim }),
    okta: oktaOf(parts),
  };
}

function oktaOf({ event, context, row }: Parts): Change['data']['okta'] {
  const outcome = row !== undefined && event.outcome.kind === 'stated' ? undefined : saidOf(event.outcome);
  return {
    eventType: event.eventType,
    ...(context.hookRequestId !== undefined && { hookRequestId: context.hookRequestId }),
    ...(event.transactionId !== undefined && { transactionId: event.transactionId }),
    ...(outcome !== undefined && { outcome }),
    ...(row !== undefined && event.outcome.kind === 'absent' && { outcomeAssumed: true as const }),
    ...(row === undefined && { event: event.original }),
  };
}

/** The outcome in Okta's words, as far as it has any that can be read. */
function saidOf(outcome: LogEventOutcome): { result?: string; reason?: string } | undefined {
  if (outcome.kind === 'unreadable') return undefined;
  const reason = outcome.reason === undefined ? undefined : { reason: outcome.reason };
  return outcome.kind === 'stated' ? { result: outcome.result, ...reason } : reason;
}
