import type { Change } from '../identity/change.ts';
import { normalise } from '../identity/normalise.ts';
import { serialiseChange } from '../identity/serialise-change.ts';
import { readLogEvent } from '../okta/log-event.ts';
import type { Org } from '../okta/org.ts';
import type { QuarantineReason } from '../quarantine/quarantine.ts';
import type { ChangeRecord } from './change-log.ts';
import { changeRecord } from './change-record.ts';

export interface EventContext {
  readonly org: Org;
  readonly hookRequestId: string | undefined;
  readonly receivedAt: Date;
  readonly traceparent: string;
}

/** An event that goes to quarantine instead of the log. */
export interface RejectedEvent {
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly event: unknown;
}

/**
 * Sorts the events of one hook request: records for the log in the order in which they happened at Okta (events of the same
 * instant keep the order they came in), each uuid once; and what cannot be read or carried.
 */
export function readEvents(events: readonly unknown[], context: EventContext): { records: ChangeRecord[]; rejected: RejectedEvent[] } {
  const rejected: RejectedEvent[] = [];
  const readable: { change: Change; event: unknown }[] = [];
  for (const event of events) {
    const reading = readLogEvent(event);
    if (reading.kind === 'unreadable') rejected.push({ reason: reading.reason, detail: reading.detail, event });
    else readable.push({ change: normalise(reading.event, normaliseContext(context)), event });
  }
  readable.sort((a, b) => Date.parse(a.change.time) - Date.parse(b.change.time));

  const records = new Map<string, ChangeRecord>();
  for (const { change, event } of readable) {
    if (records.has(change.id)) continue;
    const serialised = serialiseChange(change);
    if (serialised.kind === 'serialised') records.set(change.id, changeRecord(change, serialised.value, context.traceparent));
    else rejected.push({ reason: 'change-too-large', detail: serialised.detail, event });
  }
  return { records: [...records.values()], rejected };
}

function normaliseContext({ org, hookRequestId, receivedAt }: EventContext) {
  return { org, receivedAt, origin: 'hook' as const, ...(hookRequestId === undefined ? {} : { hookRequestId }) };
}
