import { randomUUID, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jwtVerify } from 'jose';
import { untilHeard } from '../support/relay-client.ts';

export const apiToken = 'canary-api-token-00aB3';
export const clientId = '0oa1serviceapp000000';

export interface StandInHook {
  readonly id: string;
  name: string;
  description?: string | null;
  status: 'ACTIVE' | 'INACTIVE';
  verificationStatus: 'VERIFIED' | 'UNVERIFIED';
  events: { type: string; items: string[]; filter?: unknown };
  channel: {
    type: string;
    version: string;
    config: { uri: string; headers: { key: string; value: string }[]; authScheme: { type: string; key: string; value: string } };
  };
}

/** Answered in place of what was asked. `after` does what was asked first; `lost` cuts the connection. */
export interface Fault {
  readonly at: RegExp;
  readonly status: number | 'lost';
  readonly after?: boolean;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export interface StandInOkta {
  readonly url: string;
  readonly hooks: StandInHook[];
  /** `METHOD /path` of each call, those of the token endpoint included. */
  readonly calls: string[];
  /** Each is used once, by the first call that fits. */
  readonly faults: Fault[];
  /** Scopes that the service app was granted. */
  scopes: string[];
  /** Sends the event to each hook that may have it, as Okta does; the answers' statuses. */
  emit(event: { eventType?: unknown }): Promise<number[]>;
  stop(): Promise<void>;
}

interface Answer {
  status: number;
  body?: unknown;
}

const maxTypes = 300;
const maxHooks = 25;
const error = (status: number, errorCode: string, errorSummary: string, causes: string[] = []): Answer => ({
  status,
  body: {
    errorCode,
    errorSummary,
    errorLink: errorCode,
    errorId: 'oae-test',
    errorCauses: causes.map((cause) => ({ errorSummary: cause })),
  },
});

/**
 * Okta as its documents describe the Event Hooks API, OAuth for service apps and what a hook is sent:
 * https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/, https://developer.okta.com/docs/concepts/event-hooks/
 */
export async function startStandInOkta(eligible: readonly string[], publicKey?: KeyObject): Promise<StandInOkta> {
  const hooks: StandInHook[] = [];
  const seen = { tokens: new Set<string>(), assertions: new Set<string>() };
  let made = 0;

  const invalid = (body: StandInHook): Answer | undefined => {
    const { items } = body.events;
    const { uri, authScheme } = body.channel.config;
    const cause =
      (items.length === 0 && 'events.items: The field cannot be empty') ||
      (items.length > maxTypes && `events.items: at most ${maxTypes}`) ||
      (new Set(items).size < items.length && 'events.items: twice the same') ||
      (items.some((item) => !eligible.includes(item)) && 'events.items: not eligible for event hooks') ||
      (!/^https:|^http:\/\/127\.0\.0\.1:/.test(uri) && 'channel.config.uri: must be HTTPS') ||
      (!authScheme.value && 'channel.config.authScheme.value: The field cannot be blank') ||
      (body.name === 'echo' && `channel.config.authScheme.value: ${authScheme.value} is not liked`);
    return cause ? error(400, 'E0000001', 'Api validation failed: eventHook', [cause]) : undefined;
  };
  const shown = (hook: StandInHook): unknown => {
    const { value: _, ...authScheme } = hook.channel.config.authScheme;
    return { ...hook, createdBy: '00u1', channel: { ...hook.channel, config: { ...hook.channel.config, authScheme, method: 'POST' } } };
  };
  const headersOf = ({ channel: { config } }: StandInHook): Record<string, string> => ({
    'user-agent': 'Okta-Integrations',
    accept: 'application/json',
    ...Object.fromEntries(config.headers.map(({ key, value }) => [key, value])),
    [config.authScheme.key]: config.authScheme.value,
  });

  async function challenge(hook: StandInHook): Promise<boolean> {
    const token = randomUUID();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        const response = await fetch(hook.channel.config.uri, {
          headers: { ...headersOf(hook), 'x-okta-verification-challenge': token },
          redirect: 'manual',
          signal: AbortSignal.timeout(3_000),
        });
        const body = (await response.json()) as { verification?: string };
        if (response.status === 200 && body.verification === token) return true;
      } catch {
        // No answer in time, or none that can be read: Okta tries once more.
      }
    }
    return false;
  }

  async function lifecycle(hook: StandInHook, to: string): Promise<Answer> {
    if (to === 'activate') hook.status = 'ACTIVE';
    if (to === 'deactivate') hook.status = 'INACTIVE';
    if (to === 'verify') {
      if (!(await challenge(hook))) return error(400, 'E0000001', `Api validation failed: eventHook`, [`Unable to verify event hook. Hook ${hook.name} execution failed`]); // prettier-ignore
      hook.verificationStatus = 'VERIFIED';
    }
    return { status: 200, body: shown(hook) };
  }

  async function answer(method: string, path: string, body: string): Promise<Answer> {
    if (path === '/api/v1/eventHooks' && method === 'GET') return { status: 200, body: hooks.map(shown) };
    if (path === '/api/v1/eventHooks' && method === 'POST') {
      const hook = JSON.parse(body) as StandInHook;
      const problem = invalid(hook);
      if (problem) return problem;
      if (hooks.length >= maxHooks) return error(400, 'E0000001', 'Api validation failed: eventHook', ['Too many event hooks']);
      made += 1;
      hooks.push({ ...hook, id: `who1made${String(made).padStart(12, '0')}`, status: 'ACTIVE', verificationStatus: 'UNVERIFIED' });
      return { status: 200, body: shown(hooks.at(-1)!) };
    }
    const [, id, to] = /^\/api\/v1\/eventHooks\/([^/]+)(?:\/lifecycle\/(\w+))?$/.exec(path) ?? [];
    const hook = hooks.find((each) => each.id === id);
    if (!hook) return error(404, 'E0000007', `Not found: Resource not found: ${path}`);
    if (to !== undefined) return lifecycle(hook, to);
    if (method === 'DELETE') {
      if (hook.status === 'ACTIVE') return error(403, 'E0000006', 'Only inactive event hooks can be deleted');
      hooks.splice(hooks.indexOf(hook), 1);
      return { status: 204 };
    }
    const replacement = JSON.parse(body) as StandInHook;
    const problem = invalid(replacement);
    if (problem) return problem;
    Object.assign(hook, { description: null, ...replacement, verificationStatus: 'UNVERIFIED' });
    return { status: 200, body: shown(hook) };
  }

  async function token(form: URLSearchParams): Promise<Answer> {
    const scopes = (form.get('scope') ?? '').split(' ');
    try {
      const { payload } = await jwtVerify(form.get('client_assertion') ?? '', publicKey!, {
        audience: `${okta.url}/oauth2/v1/token`,
        issuer: clientId,
        subject: clientId,
        maxTokenAge: '1h',
        requiredClaims: ['exp', 'jti'],
      });
      if (seen.assertions.has(payload.jti!)) throw new Error('used before');
      seen.assertions.add(payload.jti!);
    } catch {
      return { status: 401, body: { error: 'invalid_client', error_description: 'The client_assertion signature is invalid.' } };
    }
    if (scopes.some((scope) => !okta.scopes.includes(scope))) return { status: 400, body: { error: 'invalid_scope', error_description: 'One or more scopes are not configured.' } }; // prettier-ignore
    const access = `access-${randomUUID()}`;
    seen.tokens.add(`Bearer ${access}`);
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3600, access_token: access, scope: scopes.join(' ') } };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const call = `${request.method} ${path}`;
    const body = (await request.toArray()).map(String).join('');
    okta.calls.push(call);
    const known = request.headers.authorization === `SSWS ${apiToken}` || seen.tokens.has(request.headers.authorization ?? '');
    const asked = async (): Promise<Answer> =>
      path === '/oauth2/v1/token'
        ? token(new URLSearchParams(body))
        : known
          ? answer(request.method ?? '', path, body)
          : error(401, 'E0000011', 'Invalid token provided');
    const fault = okta.faults.find(({ at }) => at.test(call));
    if (fault) okta.faults.splice(okta.faults.indexOf(fault), 1);
    if (!fault || fault.after) {
      const result = await asked();
      if (!fault) return reply(response, result);
    }
    if (fault.status === 'lost') return void request.socket.destroy();
    reply(
      response,
      { status: fault.status, body: fault.body ?? error(fault.status, 'E0000047', 'API call exceeded rate limit.').body },
      fault.headers,
    );
  }

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const okta: StandInOkta = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hooks,
    calls: [],
    faults: [],
    scopes: ['okta.eventHooks.manage', 'okta.eventHooks.read'],
    async emit(event) {
      const receiving = hooks.filter(({ status, verificationStatus, events }) => status === 'ACTIVE' && verificationStatus === 'VERIFIED' && events.items.includes(String(event.eventType))); // prettier-ignore
      return Promise.all(
        receiving.map(async (hook) => {
          const envelope = {
            eventType: 'com.okta.event_hook',
            eventTypeVersion: '1.0',
            cloudEventsVersion: '0.1',
            source: `https://acme.okta.com/api/v1/eventHooks/${hook.id}`,
            eventId: randomUUID(),
            eventTime: new Date().toISOString(),
            contentType: 'application/json',
            data: { events: [event] },
          };
          const headers = { ...headersOf(hook), 'content-type': 'application/json' };
          const sent = { method: 'POST', headers, body: JSON.stringify(envelope) };
          return (await untilHeard(() => fetch(hook.channel.config.uri, sent))).status;
        }),
      );
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return okta;
}

function reply(response: ServerResponse, { status, body }: Answer, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body === undefined ? undefined : JSON.stringify(body));
}
