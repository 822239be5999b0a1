import { sampleHookBody } from './demonstration.ts';
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
    `  state, log    ${options.dataDir}, ${relay.logFile}`,
    '',
    `Demonstration: one sample event of the org "${demoOrg}" goes the whole way to a built-in subscriber`,
  ].join('\n');
}

/** What to paste next. The event's uuid and time are made afresh each time the line is pasted. */
export function ownEvent(relay: LocalRelay, options: LocalOptions): string {
  const target = relay.orgs.find(({ org, hookSecret }) => org.id !== demoOrg && hookSecret !== undefined);
  const token = options.adminToken === undefined ? relay.adminToken : '$RELAY_ADMIN_TOKEN';
  return [
    '',
    ...(target === undefined
      ? []
      : ['Send an event of your own; paste it again and again, each is a new one:', '', eventCurl(relay, target), '']),
    'Subscribe an endpoint of yours (the answer holds its signing secret, this once), and see what happened:',
    '',
    `  curl -s ${relay.url}/v1/subscriptions -H "authorization: Bearer ${token}" -H 'content-type: application/json' -d '{"name":"my app","url":"http://127.0.0.1:8080/webhooks","types":["identity.*"]}'`,
    `  curl -s ${relay.url}/v1/deliveries -H "authorization: Bearer ${token}"`,
    '',
    'The relay stays up for real requests. Stop it with Ctrl-C.',
  ].join('\n');
}

function eventCurl(relay: LocalRelay, { org, hookSecret }: LocalRelay['orgs'][number]): string {
  const secret = hookSecret?.given === true ? '$HOOK_SECRET' : (hookSecret?.value ?? '');
  const body = JSON.stringify(
    sampleHookBody({ org: org.id, uuid: '@uuid', published: '@time', hookRequestId: '@uuid', host: org.hosts[0] ?? '' }),
  );
  const shell = body
    .replaceAll('@uuid', `'"$(node -p 'crypto.randomUUID()')"'`)
    .replaceAll('@time', `'"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)"'`);
  return `  curl -s -w 'HTTP %{http_code}\\n' ${relay.url}/okta/${org.id}/events -H "authorization: ${secret}" -H 'content-type: application/json' -d '${shell}'`;
}
