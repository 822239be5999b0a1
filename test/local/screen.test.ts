import { describe, expect, it } from 'vitest';
import { orgSchema } from '#lib/okta/org.ts';
import { readText } from '../architecture/repository.ts';
import type { SeededOrg } from '../../local/local-orgs.ts';
import { parseOptions, type LocalOptions } from '../../local/options.ts';
import type { LocalRelay } from '../../local/relay.ts';
import { banner, ownEvent } from '../../local/screen.ts';

const header = (headerName: string) => ({ kind: 'header', headerName, digests: ['0'.repeat(64)] });
const basic = { kind: 'basic', digests: ['0'.repeat(64)] };
const seeded = (id: string, authentication: object[], hookSecret?: SeededOrg['hookSecret']): SeededOrg => ({
  org: orgSchema.parse({ id, hosts: [`${id}.okta.com`], authentication }),
  hookSecret,
});
const demo = seeded('demo', [header('authorization')], { value: 'secret of the demonstration', given: false });
const madeUp = seeded('acme', [header('authorization')], { value: 'made-up-secret', given: false });
const given = seeded('acme', [header('authorization')], { value: 'canary-given', given: true });

const relay = (...orgs: SeededOrg[]): LocalRelay => ({
  url: 'http://127.0.0.1:4040',
  adminToken: 'rat_made-up',
  orgs: [demo, ...orgs],
  changeLog: 'embedded',
  logFile: '/home/ana/relay/.relay/relay.log',
  inFlight: () => ({ queued: 0, delivering: 0 }),
  stop: async () => undefined,
});
function optionsOf(...args: string[]): LocalOptions {
  const parsed = parseOptions(args);
  if (parsed.kind !== 'options') throw new Error(JSON.stringify(parsed));
  return parsed.options;
}
const withToken = optionsOf('--admin-token', 'canary-admin-token-1');

describe('what to paste next', () => {
  it('holds what was made up, and asks for nothing first', () => {
    const text = ownEvent(relay(madeUp), optionsOf());
    expect(text).toContain('http://127.0.0.1:4040/okta/acme/events -H "authorization: made-up-secret"');
    expect(text).toContain('Bearer rat_made-up');
    expect(text).not.toContain('export');
  });

  it('names variables for what was given, and how to set them first', () => {
    const text = ownEvent(relay(given), withToken);
    expect(text.indexOf("export HOOK_SECRET='…' RELAY_ADMIN_TOKEN='…'")).toBeGreaterThan(-1);
    expect(text.indexOf('export')).toBeLessThan(text.indexOf('curl'));
    expect(text).toContain('-H "authorization: $HOOK_SECRET"');
    expect(text).toContain('Bearer $RELAY_ADMIN_TOKEN');
    expect(text).not.toContain('canary');
  });

  it('exports each variable only where a line needs it', () => {
    expect(ownEvent(relay(given), optionsOf())).toMatch(/export HOOK_SECRET='…'$/m);
    expect(ownEvent(relay(madeUp), withToken)).toMatch(/export RELAY_ADMIN_TOKEN='…'$/m);
  });

  it('sends to an org of the file by the header that the file names', () => {
    const text = ownEvent(relay(seeded('beta', [basic]), seeded('gamma', [basic, header('x-relay-key')])), optionsOf());
    expect(text).toContain('/okta/gamma/events -H "x-relay-key: $HOOK_SECRET"');
    expect(text).toContain("export HOOK_SECRET='…'");
    expect(text).toContain('https://gamma.okta.com/api/v1/eventHooks/');
  });

  it('says why there is no event to paste', () => {
    const text = ownEvent(relay(seeded('beta', [basic])), optionsOf());
    expect(text).toContain('No org here has a `header` scheme');
    expect(text).not.toContain('/okta/');
    expect(text).toContain('/v1/subscriptions');
  });
});

it('names the event hook that README.md names: an org is bound to the first one it hears of', () => {
  const hook = /\/api\/v1\/eventHooks\/\w+/;
  expect(hook.exec(readText('README.md'))?.[0]).toBe(hook.exec(ownEvent(relay(madeUp), optionsOf()))?.[0]);
});

it('shows the folder and the log by their whole paths', () => {
  const text = banner(relay(madeUp), optionsOf('--data-dir', '.relay'));
  expect(text).toMatch(/^ {2}state {9}\/home\/ana\/relay\/\.relay$/m);
  expect(text).toMatch(/^ {2}log {11}\/home\/ana\/relay\/\.relay\/relay\.log/m);
});
