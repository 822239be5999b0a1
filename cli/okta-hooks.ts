import * as z from 'zod';
import { CommandFailure } from './command-failure.ts';
import { eventHookBody, eventHookSchema, type EventHook, type HookChannel } from './event-hook.ts';
import type { OktaApi } from './okta-api.ts';

const path = '/api/v1/eventHooks';
/** An org has 25 event hooks that are active at most. */
const maxPages = 50;

/** All event hooks of the org. Okta describes no pages here; were there some, they are followed, within the org. */
export async function listHooks(api: OktaApi): Promise<EventHook[]> {
  const hooks: EventHook[] = [];
  let next: string | undefined = path;
  for (let page = 0; next !== undefined; page += 1) {
    if (page === maxPages) throw new CommandFailure('Okta lists event hooks without end');
    const { body, link } = await api.call({
      what: 'listing the event hooks',
      method: 'GET',
      path: next,
      schema: z.array(eventHookSchema),
      repeatable: true,
    });
    hooks.push(...body);
    next = nextPage(link, api.origin);
  }
  return hooks;
}

/** `link: <https://…>; rel="next"`, RFC 8288. A token is not taken to another host. */
function nextPage(link: string, origin: string): string | undefined {
  const entry = link.split(/,\s*(?=<)/).find((part) => /;\s*rel="?next"?/i.test(part)) ?? '';
  const target = /^<([^<>]*)>/.exec(entry.trim())?.[1];
  if (target === undefined || !URL.canParse(target, origin)) return undefined;
  const url = new URL(target, origin);
  return url.origin === origin ? `${url.pathname}${url.search}` : undefined;
}

export interface HookContents {
  readonly name: string;
  readonly types: readonly string[];
  readonly channel: HookChannel;
}

export async function createHook(api: OktaApi, contents: HookContents): Promise<EventHook> {
  const what = `making the event hook "${contents.name}"`;
  const { body } = await api.call({
    what,
    method: 'POST',
    path,
    body: eventHookBody(contents),
    schema: eventHookSchema,
    repeatable: false,
  });
  return body;
}

export async function replaceHook(api: OktaApi, hook: EventHook, contents: Omit<HookContents, 'name'>): Promise<EventHook> {
  const { body } = await api.call({
    what: `changing the event hook "${hook.name}"`,
    method: 'PUT',
    path: `${path}/${hook.id}`,
    body: eventHookBody({ ...contents, name: hook.name }, hook),
    schema: eventHookSchema,
    repeatable: true,
  });
  return body;
}

export async function moveHook(api: OktaApi, hook: EventHook, to: 'activate' | 'deactivate' | 'verify'): Promise<EventHook> {
  const doing = { activate: 'switching on', deactivate: 'switching off', verify: 'verifying' }[to];
  const { body } = await api.call({
    what: `${doing} the event hook "${hook.name}"`,
    method: 'POST',
    path: `${path}/${hook.id}/lifecycle/${to}`,
    schema: eventHookSchema,
    repeatable: true,
  });
  return body;
}

/** Okta deletes what is switched off, and nothing else. */
export async function deleteHook(api: OktaApi, hook: EventHook): Promise<void> {
  const what = `deleting the event hook "${hook.name}"`;
  await api.call({ what, method: 'DELETE', path: `${path}/${hook.id}`, schema: z.unknown(), repeatable: true });
}
