import type { VerifiedHookRequest } from './authenticity.ts';
import { hookIdSchema } from './org.ts';

/**
 * The body of a hook request, opened as far as its events.
 *
 * Tolerant, because a refused envelope costs every event in it: only `data.events` is needed. Fields that Okta may add, or
 * leave out, or send as null are no reason to refuse; the events themselves are judged one by one, later.
 */
export type HookEnvelope =
  | {
      readonly kind: 'readable';
      /** `eventId` (`eventID` in early captures): one per hook request. */
      readonly hookRequestId: string | undefined;
      /** The event hook that `source` names, as Okta writes it; undefined when it names none. */
      readonly hookId: string | undefined;
      /** At least one; nothing is known about any of them yet. */
      readonly events: readonly unknown[];
    }
  | Unreadable;

interface Unreadable {
  readonly kind: 'unreadable';
  readonly reason: EnvelopeFault;
  /** A sentence for the operator; nothing of the body is in it. */
  readonly detail: string;
}

export type EnvelopeFault = 'empty-body' | 'body-too-large' | 'not-json' | 'not-an-event-hook' | 'no-events' | 'source-mismatch';

/**
 * Largest body that is opened. A Lambda is invoked with 6 MB at most, which is 4.5 MB of body once base64 has taken its
 * third; below that, 4 MiB are a thousand events of the largest usual size, and still parsed, normalised and appended in
 * time. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const maxHookBodyBytes = 4 * 1024 * 1024;

/** Four times what Okta could fit into the body above; a body of tiny events must not grow into tens of megabytes of changes. */
export const maxHookEvents = 4_096;

/** `hosts`: those of the org as it is known to be by now, if that is newer than what proved the request. */
export function readHookEnvelope(request: VerifiedHookRequest, hosts: readonly string[] = request.org.hosts): HookEnvelope {
  const { body } = request;
  if (body.length > maxHookBodyBytes)
    return unreadable('body-too-large', `the body has ${body.length} bytes, more than ${maxHookBodyBytes}`);
  const text = decodeUtf8(body);
  if (text === undefined) return unreadable('not-json', 'the body is not UTF-8');
  if (text.trim() === '') return unreadable('empty-body', 'the body is empty');
  const envelope = parseJson(text);
  if (envelope === undefined) return unreadable('not-json', 'the body is not JSON');
  if (!isObject(envelope)) return unreadable('not-an-event-hook', 'the body is not a JSON object');

  const claimed = envelope['eventType'] ?? undefined;
  if (claimed !== undefined && claimed !== 'com.okta.event_hook')
    return unreadable('not-an-event-hook', 'eventType is not com.okta.event_hook');
  const sourceFault = checkSource(envelope['source'] ?? undefined, hosts);
  if (sourceFault !== undefined) return unreadable('source-mismatch', sourceFault);

  const found = eventsOf(envelope, claimed !== undefined);
  return isArray(found)
    ? {
        kind: 'readable',
        hookRequestId: idOf(envelope['eventId']) ?? idOf(envelope['eventID']),
        hookId: hookIdIn(envelope['source']),
        events: found,
      }
    : found;
}

/** Missing and null are the same; a body without events that does not even claim to be an event hook is something else. */
function eventsOf(envelope: Record<string, unknown>, claimsToBeOne: boolean): readonly unknown[] | Unreadable {
  const data = envelope['data'] ?? undefined;
  if (data !== undefined && !isObject(data)) return unreadable('not-an-event-hook', 'data is not an object');
  const events = data?.['events'] ?? undefined;
  if (events === undefined) return unreadable(claimsToBeOne ? 'no-events' : 'not-an-event-hook', 'data.events is missing');
  if (!isArray(events)) return unreadable('not-an-event-hook', 'data.events is not an array');
  if (events.length === 0) return unreadable('no-events', 'data.events is empty');
  if (events.length > maxHookEvents)
    return unreadable('body-too-large', `the body has ${events.length} events, more than ${maxHookEvents}`);
  return events;
}

function unreadable(reason: EnvelopeFault, detail: string): Unreadable {
  return { kind: 'unreadable', reason, detail };
}

/** A byte order mark is passed over. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder has one way to fail, and what it failed on goes to quarantine whole.
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which may hold names; what it failed on goes to quarantine whole.
    return undefined;
  }
}

/**
 * The secret already says whose request it is, so a body that names no source is read. One that names another org's host, or
 * nothing that has a host, was sent to the wrong place: reading it would file one org's people under another.
 */
function checkSource(source: unknown, hosts: readonly string[]): string | undefined {
  if (source === undefined) return undefined;
  // Not canParse: of a host beyond 16 KiB it may say yes where the constructor throws (Node 24).
  const url = typeof source === 'string' ? URL.parse(source) : null;
  if (url === null) return 'source is not a URL';
  return hosts.includes(url.host) ? undefined : "source names a host that is not one of the org's";
}

/** `https://<org host>/api/v1/eventHooks/<hook id>`; whatever else a path holds names no hook. */
function hookIdIn(source: unknown): string | undefined {
  const url = typeof source === 'string' ? URL.parse(source) : null;
  if (url === null) return undefined;
  const id = /^\/api\/v1\/eventHooks\/([^/]+)\/?$/.exec(url.pathname)?.[1];
  return hookIdSchema.safeParse(id).data;
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Array.isArray calls what it finds `any`; nothing is known about these. */
function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
