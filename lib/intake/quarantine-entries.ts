import { createHash } from 'node:crypto';
import type { OrgId } from '../okta/org.ts';
import type { QuarantineEntry, QuarantineReason } from '../quarantine/quarantine.ts';
import type { RejectedEvent } from './read-events.ts';

/**
 * Past this many, what is left goes into one entry: each entry is an object and an index item to be written before the
 * answer, and a body can hold thousands. Okta's own bodies have a few dozen events.
 */
const maxSeparateEntries = 50;

interface Origin {
  readonly org: OrgId;
  readonly receivedAt: Date;
  /** The whole body, byte for byte. */
  readonly body: Uint8Array;
}

/** The body as one entry. */
export function wholeBodyEntry(origin: Origin, fault: { reason: QuarantineReason; detail: string }): QuarantineEntry {
  return entry(origin, fault, origin.body, 'whole');
}

/**
 * One entry for each event, with the event as JSON. The ids depend on the org and on what the events hold, not on the
 * request they came in, so that Okta's retry makes no second entry; an event found twice in a body makes two.
 */
export function eventEntries(origin: Origin, rejected: readonly RejectedEvent[]): QuarantineEntry[] {
  const separate = rejected.slice(0, maxSeparateEntries);
  const rest = rejected.slice(maxSeparateEntries);
  const seen = new Map<string, number>();
  const entries = separate.map((fault) => {
    const text = serialised(fault.event);
    const occurrence = seen.get(text) ?? 0;
    seen.set(text, occurrence + 1);
    return entry(origin, fault, text === '' ? origin.body : Buffer.from(text, 'utf8'), String(occurrence));
  });
  const [first] = rest;
  if (first === undefined) return entries;
  const detail = `${rest.length} more events of the same body, kept with all of it; the first: ${first.detail}`;
  return [...entries, entry(origin, { reason: first.reason, detail }, origin.body, 'rest')];
}

function entry(origin: Origin, fault: { reason: QuarantineReason; detail: string }, body: Uint8Array, place: string): QuarantineEntry {
  const hash = createHash('sha256').update(`${origin.org}\n${fault.reason}\n${place}\n`).update(body).digest('hex');
  return {
    id: `q-${hash.slice(0, 40)}`,
    org: origin.org,
    reason: fault.reason,
    detail: fault.detail,
    receivedAt: origin.receivedAt,
    body,
  };
}

/** Empty for an event that is nested too deep for JSON.stringify, which recurses where JSON.parse does not. */
function serialised(event: unknown): string {
  try {
    return JSON.stringify(event);
  } catch {
    // Out of stack is the one way a value from JSON.parse fails here, and the body the event came in is kept in its stead.
    return '';
  }
}
