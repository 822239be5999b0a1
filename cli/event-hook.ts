import * as z from 'zod';

/**
 * An event hook as Okta shows it. Members that are not looked at stay: a replacement has to say them again. The secret is never shown.
 * https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/
 */
export const eventHookSchema = z.looseObject({
  // It goes into paths: what is no id is not let near them.
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  name: z.string(),
  description: z.string().nullish(),
  status: z.string(),
  verificationStatus: z.string().nullish(),
  events: z.looseObject({
    items: z.array(z.string()),
    filter: z.looseObject({ eventFilterMap: z.array(z.looseObject({ event: z.string() })).nullish() }).nullish(),
  }),
  channel: z.looseObject({
    config: z.looseObject({
      uri: z.string().nullish(),
      headers: z.array(z.looseObject({ key: z.string(), value: z.string().nullish() })).nullish(),
      authScheme: z.looseObject({ key: z.string().nullish() }).nullish(),
    }),
  }),
});
export type EventHook = z.infer<typeof eventHookSchema>;

export interface HookChannel {
  readonly url: string;
  readonly headerName: string;
  readonly secret: string;
}

/** What Okta takes for a new hook, or in place of `present`, whose description, custom headers and filters stay. */
export function eventHookBody(
  { name, types, channel }: { name: string; types: readonly string[]; channel: HookChannel },
  present?: EventHook,
): Record<string, unknown> {
  const filters = present?.events.filter?.eventFilterMap?.filter(({ event }) => types.includes(event)) ?? [];
  return {
    name,
    ...(typeof present?.description === 'string' ? { description: present.description } : {}),
    events: {
      type: 'EVENT_TYPE',
      items: types,
      ...(filters.length > 0 ? { filter: { ...present?.events.filter, eventFilterMap: filters } } : {}),
    },
    channel: {
      type: 'HTTP',
      version: '1.0.0',
      config: {
        uri: channel.url,
        headers: present?.channel.config.headers ?? [],
        authScheme: { type: 'HEADER', key: channel.headerName, value: channel.secret },
      },
    },
  };
}

export function isVerified(hook: EventHook): boolean {
  return hook.verificationStatus === 'VERIFIED';
}

export function isActive(hook: EventHook): boolean {
  return hook.status === 'ACTIVE';
}

/** Undefined: Okta did not show where it sends. */
export function sendsTo(hook: EventHook, url: string): boolean | undefined {
  const uri = hook.channel.config.uri;
  if (typeof uri !== 'string') return undefined;
  return uri === url || (URL.canParse(uri) && new URL(uri).href === new URL(url).href);
}
