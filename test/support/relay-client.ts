import { randomUUID } from 'node:crypto';
import { adminToken, hookSecret } from './relay-process.ts';

export interface EventParts {
  readonly uuid?: string;
  readonly eventType?: string;
  readonly published?: string;
  readonly userId?: string;
  readonly groupId?: string;
  readonly userName?: string;
}

/** One LogEvent as Okta's hooks carry it; an invented person. */
export function logEvent(parts: EventParts = {}): Record<string, unknown> {
  const user = {
    id: parts.userId ?? '00u1test000000000000',
    type: 'User',
    alternateId: parts.userName ?? 'ana.ito@example.com',
    displayName: 'Ana Ito',
  };
  const group =
    parts.groupId === undefined ? [] : [{ id: parts.groupId, type: 'UserGroup', alternateId: 'unknown', displayName: 'Engineering' }];
  return {
    uuid: parts.uuid ?? randomUUID(),
    published: parts.published ?? new Date().toISOString(),
    eventType: parts.eventType ?? 'user.lifecycle.activate',
    version: '0',
    severity: 'INFO',
    actor: { id: '00u1adm0000000000000', type: 'User', alternateId: 'sam.ode@example.com', displayName: 'Sam Ode' },
    outcome: { result: 'SUCCESS' },
    target: [...group, user],
    transaction: { type: 'WEB', id: 'test-transaction', detail: {} },
  };
}

export function hookBody(events: readonly unknown[], org = 'acme'): Record<string, unknown> {
  return {
    eventType: 'com.okta.event_hook',
    eventTypeVersion: '1.0',
    cloudEventsVersion: '0.1',
    source: `https://${org}.okta.com/api/v1/eventHooks/who1test0000000000`,
    eventId: randomUUID(),
    data: { events },
    eventTime: new Date().toISOString(),
    contentType: 'application/json',
  };
}

/** Sends a hook request as Okta does. */
export function postHook(url: string, body: unknown, options: { org?: string; headers?: Record<string, string> } = {}): Promise<Response> {
  return fetch(`${url}/okta/${options.org ?? 'acme'}/events`, {
    method: 'POST',
    headers: { authorization: hookSecret, 'content-type': 'application/json', ...options.headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
}

/**
 * Asks the door until it answers something but 503, as Okta sends again: on a busy machine the relay may have no time for its stores and its log.
 * For what is not about that answer; any other is handed back.
 */
export function untilHeard(ask: () => Promise<Response>): Promise<Response> {
  return eventually(ask, ({ status }) => status !== 503, { what: 'an answer but 503', everyMs: 500 });
}

/** `postHook`, the same bytes again for as long as they are answered 503. */
export function postHookTaken(...given: Parameters<typeof postHook>): Promise<Response> {
  return untilHeard(() => postHook(...given));
}

/**
 * Has events taken that are not about the door.
 * @throws Error when the answer is neither 200 nor 503
 */
export async function sendHook(url: string, events: readonly unknown[], options: { headers?: Record<string, string> } = {}): Promise<void> {
  const { status } = await postHookTaken(url, hookBody(events), options);
  if (status !== 200) throw new Error(`a hook request was answered ${status}`);
}

export async function admin<T = Record<string, unknown>>(
  url: string,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: T }> {
  const response = await fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** A delivery as `GET /v1/deliveries` lists it, as far as tests look at it. */
export interface ListedDelivery {
  readonly id: string;
  readonly change: string;
  readonly type: string;
  readonly user: string | null;
  readonly status: string;
  readonly reason?: string;
  readonly attempts: readonly {
    readonly time: string;
    readonly status: number | null;
    readonly latencyMs: number;
    readonly error: string | null;
    readonly answer?: string;
    readonly probe?: true;
  }[];
  readonly nextAttemptAt: string | null;
  readonly createdAt: string;
}

/** All deliveries that match the query, page after page, newest first. */
export async function deliveries(url: string, query: Record<string, string>): Promise<ListedDelivery[]> {
  const found: ListedDelivery[] = [];
  let cursor: string | null | undefined;
  do {
    const asked = new URLSearchParams({ limit: '100', ...query, ...(typeof cursor === 'string' ? { cursor } : {}) });
    const { status, body } = await admin<{ data: ListedDelivery[]; nextCursor: string | null }>(url, `/v1/deliveries?${asked.toString()}`);
    if (status !== 200) throw new Error(`listing deliveries answered ${status}: ${JSON.stringify(body)}`);
    found.push(...body.data);
    cursor = body.nextCursor;
  } while (cursor !== null);
  return found;
}

/** As much room as a subscription can have: with emulators in its process a relay takes long to make a request, and limits have tests of their own. */
export const ampleLimits = { limits: { concurrency: 100 } } as const;

export async function subscribe(url: string, subscription: Record<string, unknown>): Promise<{ id: string; secret: string }> {
  const { status, body } = await admin<{ id: string; secret: string }>(url, '/v1/subscriptions', {
    method: 'POST',
    body: JSON.stringify(subscription),
  });
  if (status !== 201) throw new Error(`subscribe answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** Far longer than any of it takes on a quiet machine: a busy one is late, and what never comes about is told all the same. */
const defaultDeadlineMs = 60_000;

/** Asks until the answer satisfies, for what other processes bring about; fails with `what` at the deadline. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  satisfies: (value: T) => boolean,
  options: { what: string; deadlineMs?: number; everyMs?: number },
): Promise<T> {
  const endMs = Date.now() + (options.deadlineMs ?? defaultDeadlineMs);
  for (;;) {
    const value = await ask();
    if (satisfies(value)) return value;
    if (Date.now() > endMs)
      throw new Error(`${options.what} did not come about; the last answer: ${JSON.stringify(value ?? null).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
  }
}
