import { readLogEventTime } from './log-event-time.ts';

/** What an event says about its success. `unreadable`: it says something, but not in a word we can read. */
export type LogEventOutcome =
  | { readonly kind: 'stated'; readonly result: string; readonly reason?: string }
  | { readonly kind: 'absent'; readonly reason?: string }
  | { readonly kind: 'unreadable' };

/** Something an event is about. Okta promises no order among targets: look for them by `type`. */
export interface LogEventTarget {
  readonly id: string;
  readonly type?: string;
  readonly alternateId?: string;
  readonly displayName?: string;
}

/** The part of an Okta LogEvent that we read. What Okta left out, sent as null or sent as another type is absent here. */
export interface LogEvent {
  readonly uuid: string;
  readonly eventType: string;
  /** When it happened at Okta. */
  readonly published: Date;
  readonly outcome: LogEventOutcome;
  readonly actor?: LogEventTarget;
  /** Those that have an id; one without says nothing of use. */
  readonly targets: readonly LogEventTarget[];
  readonly transactionId?: string;
  /** No contract: Okta may rename what is in here from release to release. */
  readonly debugData: Readonly<Record<string, unknown>>;
  /** The event as it came, unknown fields and all. */
  readonly original: Readonly<Record<string, unknown>>;
}

/** Each one is a quarantine reason. */
export type UnreadableEventReason = 'event-not-an-object' | 'event-without-uuid' | 'event-without-type' | 'event-without-time';

export type LogEventReading =
  | { readonly kind: 'readable'; readonly event: LogEvent }
  /** `detail` is a sentence for the operator; it repeats nothing of the event. */
  | { readonly kind: 'unreadable'; readonly reason: UnreadableEventReason; readonly detail: string };

/**
 * Reads one LogEvent out of parsed JSON. Without a uuid there is nothing to tell repeats by, without a type nothing is
 * known, without a time it has no place in the order: such an event is unreadable. Everything else may be missing, null,
 * unknown or of the wrong type. Never throws.
 */
export function readLogEvent(value: unknown): LogEventReading {
  if (!isObject(value)) return unreadable('event-not-an-object', 'The event is not a JSON object.');
  const uuid = textOf(value, 'uuid');
  if (uuid === undefined) return unreadable('event-without-uuid', 'The event has no uuid, or one that is not text.');
  const eventType = textOf(value, 'eventType');
  if (eventType === undefined) return unreadable('event-without-type', 'The event has no eventType, or one that is not text.');
  const time = textOf(value, 'published');
  const published = time === undefined ? undefined : readLogEventTime(time);
  if (published === undefined) {
    return unreadable(
      'event-without-time',
      'The event has no published time, or one that is not a date-time with an offset from 2001 to 2286.',
    );
  }
  const actor = readTarget(value['actor']);
  const transactionId = textOf(objectOf(value, 'transaction'), 'id');
  const event: LogEvent = {
    uuid,
    eventType,
    published,
    outcome: readOutcome(value['outcome']),
    ...(actor !== undefined && { actor }),
    targets: readTargets(value['target']),
    ...(transactionId !== undefined && { transactionId }),
    debugData: objectOf(objectOf(value, 'debugContext'), 'debugData'),
    original: value,
  };
  return { kind: 'readable', event };
}

function unreadable(reason: UnreadableEventReason, detail: string): LogEventReading {
  return { kind: 'unreadable', reason, detail };
}

function readOutcome(value: unknown): LogEventOutcome {
  if (value === undefined || value === null) return { kind: 'absent' };
  // Not absent: a result that we cannot read may well be a failure, and must not be taken for silence.
  if (!isObject(value)) return { kind: 'unreadable' };
  const result = value['result'];
  const reason = textOf(value, 'reason');
  const withReason = reason === undefined ? {} : { reason };
  if (result === undefined || result === null) return { kind: 'absent', ...withReason };
  return typeof result === 'string' ? { kind: 'stated', result, ...withReason } : { kind: 'unreadable' };
}

function readTargets(value: unknown): LogEventTarget[] {
  return Array.isArray(value) ? value.map(readTarget).filter((target) => target !== undefined) : [];
}

function readTarget(value: unknown): LogEventTarget | undefined {
  if (!isObject(value)) return undefined;
  const id = textOf(value, 'id');
  if (id === undefined) return undefined;
  const type = textOf(value, 'type');
  const alternateId = textOf(value, 'alternateId');
  const displayName = textOf(value, 'displayName');
  return {
    id,
    ...(type !== undefined && { type }),
    ...(alternateId !== undefined && { alternateId }),
    ...(displayName !== undefined && { displayName }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object member; absent, null and everything that is no object read as empty. */
function objectOf(parent: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = parent[name];
  return isObject(value) ? value : {};
}

/** A text member; absent, null, empty and everything that is no text read as absent. */
function textOf(parent: Record<string, unknown>, name: string): string | undefined {
  const value = parent[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
