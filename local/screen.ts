import { dirname } from 'node:path';
import { sampleHookBody } from './demonstration.ts';
import type { SeededOrg } from './local-orgs.ts';
import { demoOrg, type LocalOptions } from './options.ts';
import type { LocalRelay } from './relay.ts';

/** Where things are. Secrets that the user gave are not repeated; made-up ones are shown, for nobody else knows them. */
export function banner(relay: LocalRelay, options: LocalOptions): string {
  const own = relay.orgs.filter(({ org }) => org.id !== demoOrg);
  const hooks = own.map(({ org, hookSecret }) => {
    const secret =
      hookSecret === undefined ? 'as in the configuration file' : hookSecret.given ? 'as given by --hook-secret' : hookSecret.value;
    return `  hook URL      ${relay.url}/okta/${org.id}/events\n  hook secret   ${secret}`;
  });
  return [
    'okta-event-relay, local mode: everything is on 127.0.0.1',
    '',
    ...hooks,
    `  admin API     ${relay.url}/v1`,
    `  admin token   ${options.adminToken === undefined ? relay.adminToken : 'as given by --admin-token or RELAY_ADMIN_TOKEN'}`,
    `  change log    ${relay.changeLog}`,
    `  state         ${dirname(relay.logFile)}`,
    `  log           ${relay.logFile}, without the sweeps that had nothing to do`,
    '',
    `Demonstration: one sample event of the org "${demoOrg}" goes the whole way to a built-in subscriber`,
  ].join('\n');
}

/** What to paste next. The event's uuid and time are made afresh each time the line is pasted. */
export function ownEvent(relay: LocalRelay, options: LocalOptions): string {
  const target = eventTarget(relay);
  const token = options.adminToken === undefined ? relay.adminToken : '$RELAY_ADMIN_TOKEN';
  const given = [
    ...(target?.secret === '$HOOK_SECRET' ? ["HOOK_SECRET='…'"] : []),
    ...(options.adminToken === undefined ? [] : ["RELAY_ADMIN_TOKEN='…'"]),
  ];
  return [
    '',
    ...(given.length === 0 ? [] : [`First, with what you gave in place of the dots: export ${given.join(' ')}`, '']),
    ...(target === undefined
      ? ['No org here has a `header` scheme, and a pasted line can prove itself by no other: the events of your own are yours to sign.', '']
      : ['Send an event of your own; paste it again and again, each is a new one:', '', eventCurl(relay, target), '']),
    'Subscribe an endpoint of yours (the answer holds its signing secret, this once), and see what happened:',
    '',
    `  curl -s ${relay.url}/v1/subscriptions -H "authorization: Bearer ${token}" -H 'content-type: application/json' -d '{"name":"my app","url":"http://127.0.0.1:8080/webhooks","types":["identity.*"]}'`,
    `  curl -s ${relay.url}/v1/deliveries -H "authorization: Bearer ${token}"`,
    '',
    'The relay stays up for real requests. Stop it with Ctrl-C.',
  ].join('\n');
}

interface EventTarget {
  readonly org: SeededOrg['org'];
  readonly headerName: string;
  /** What is pasted: what was made up, or the variable that is to hold what was given. */
  readonly secret: string;
}

/** The first org that takes a plain secret in a header: of the flags if there is one, or of the file. */
function eventTarget(relay: LocalRelay): EventTarget | undefined {
  const own = relay.orgs.filter(({ org }) => org.id !== demoOrg);
  for (const { org, hookSecret } of [...own.filter((one) => one.hookSecret !== undefined), ...own]) {
    const scheme = org.authentication.find(({ kind }) => kind === 'header');
    if (scheme?.kind === 'header')
      return { org, headerName: scheme.headerName, secret: hookSecret?.given === false ? hookSecret.value : '$HOOK_SECRET' };
  }
  return undefined;
}

function eventCurl(relay: LocalRelay, { org, headerName, secret }: EventTarget): string {
  const body = JSON.stringify(
    sampleHookBody({ org: org.id, uuid: '@uuid', published: '@time', hookRequestId: '@uuid', host: org.hosts[0] ?? '' }),
  );
  const shell = body
    .replaceAll('@uuid', `'"$(node -p 'crypto.randomUUID()')"'`)
    .replaceAll('@time', `'"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)"'`);
  return `  curl -s -w 'HTTP %{http_code}\\n' ${relay.url}/okta/${org.id}/events -H "${headerName}: ${secret}" -H 'content-type: application/json' -d '${shell}'`;
}
