import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hookEligibleEventTypes } from '../../cli/hook-eligible-event-types.ts';
import { readText } from '../architecture/repository.ts';
import { commandBench, hookSecret } from './command-run.ts';
import { apiToken, clientId, startStandInOkta, type StandInHook, type StandInOkta } from './stand-in-okta.ts';
import { startStandInRelay, type StandInRelay } from './stand-in-relay.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const bench = commandBench();
let okta: StandInOkta;
let relay: StandInRelay;
beforeEach(async () => {
  okta = await startStandInOkta(hookEligibleEventTypes, keys.publicKey);
  relay = await startStandInRelay(hookSecret);
});
afterEach(async () => {
  await okta.stop();
  await relay.stop();
});
afterAll(() => bench.remove());

const register = (...args: readonly string[]) =>
  bench.run('hook', 'register', '--okta-org', okta.url, '--okta-token-file', bench.tokenFile, '--hook-url', relay.hookUrl, '--secret-file', bench.secretFile, ...args); // prettier-ignore
const changingCalls = () => okta.calls.filter((call) => !call.startsWith('GET ') && !call.includes('/oauth2/'));

/** A hook as somebody made it by hand in the Admin Console. */
function byHand(parts: Partial<StandInHook> = {}, uri = relay.hookUrl): StandInHook {
  const hook: StandInHook = {
    id: `who1hand${okta.hooks.length}`,
    name: 'made by hand',
    status: 'ACTIVE',
    verificationStatus: 'VERIFIED',
    events: { type: 'EVENT_TYPE', items: ['user.lifecycle.create'] },
    channel: { type: 'HTTP', version: '1.0.0', config: { uri, headers: [], authScheme: { type: 'HEADER', key: 'authorization', value: hookSecret } } }, // prettier-ignore
    ...parts,
  };
  okta.hooks.push(hook);
  return hook;
}

/** A firewall: whoever calls itself that finds nobody. */
const keepOut =
  (userAgent: RegExp, inner: StandInRelay['answer']): StandInRelay['answer'] =>
  (request, response) =>
    userAgent.test(request.headers['user-agent'] ?? '') ? void request.socket.destroy() : inner(request, response);

describe('hook register', () => {
  it('makes a hook with the types behind the patterns, and Okta verifies it', async () => {
    const { exitCode, output } = await register('--types', 'identity.group.member_*,identity.user.deactivated');
    expect(exitCode, output).toBe(0);
    expect(okta.hooks).toMatchObject([
      {
        name: 'okta-event-relay',
        status: 'ACTIVE',
        verificationStatus: 'VERIFIED',
        events: { items: ['group.user_membership.add', 'group.user_membership.remove', 'user.lifecycle.deactivate'] },
        channel: { config: { uri: relay.hookUrl, authScheme: { key: 'Authorization', value: hookSecret } } },
      },
    ]);
    expect(output).toMatch(/^"okta-event-relay" \(who1made\S+\): new, with 3 event types; verified$/m);
  });

  it('does nothing the second time, and says so', async () => {
    await register('--types', '*');
    okta.calls.length = 0;
    const { exitCode, output } = await register('--types', '*');
    expect(exitCode).toBe(0);
    expect(changingCalls()).toEqual([]);
    expect(output.match(/nothing to do/g)).toHaveLength(2);
  });

  it('splits what is more than one hook can have, without a type in two', async () => {
    await register('--types', '*');
    expect(okta.hooks.map(({ name, events }) => [name, events.items.length])).toEqual([
      ['okta-event-relay', 300],
      ['okta-event-relay 2', 14],
    ]);
    expect(okta.hooks.flatMap(({ events }) => events.items).sort()).toEqual([...hookEligibleEventTypes].sort());
  });

  it('adds types to the hook that sends there already, and keeps what it does not know', async () => {
    const hook = byHand({
      description: 'of the identity team',
      events: {
        type: 'EVENT_TYPE',
        items: ['user.lifecycle.create'],
        filter: { type: 'EXPRESSION_LANGUAGE', eventFilterMap: [{ event: 'user.lifecycle.create', condition: { expression: 'x' } }] },
      },
    });
    hook.channel.config.headers.push({ key: 'x-any-key', value: 'any value' });
    const { output } = await register('--types', 'identity.user.suspended');
    expect(okta.hooks).toHaveLength(1);
    expect(okta.hooks[0]).toMatchObject({
      name: 'made by hand',
      description: 'of the identity team',
      verificationStatus: 'VERIFIED',
      events: {
        items: ['user.lifecycle.create', 'user.lifecycle.suspend'],
        filter: { eventFilterMap: [{ event: 'user.lifecycle.create' }] },
      },
      channel: { config: { headers: [{ key: 'x-any-key', value: 'any value' }] } },
    });
    expect(output).toContain('1 event type added; verified');
  });

  it('names types that nobody asked for, and takes them out when told to', async () => {
    const filters = ['user.lifecycle.create', 'user.session.start'].map((event) => ({ event, condition: { expression: 'x' } }));
    byHand({
      events: {
        type: 'EVENT_TYPE',
        items: filters.map(({ event }) => event),
        filter: { type: 'EXPRESSION_LANGUAGE', eventFilterMap: filters },
      },
    });
    expect((await register('--types', 'identity.user.created')).output).toContain(
      '1 event type that nobody asked for; --exact takes them out',
    );
    expect(okta.hooks[0]?.events.items).toHaveLength(2);
    expect((await register('--types', 'identity.user.created', '--exact')).output).toContain('1 taken out');
    expect(okta.hooks[0]?.events).toMatchObject({ items: ['user.lifecycle.create'], filter: { eventFilterMap: filters.slice(0, 1) } });
  });

  it('gives Okta the secret again where a hook is not verified, or when told to', async () => {
    const hook = byHand({ verificationStatus: 'UNVERIFIED' });
    hook.channel.config.authScheme.value = 'an old secret';
    expect((await register('--types', 'identity.user.created')).output).toContain('was not verified; verified');
    hook.channel.config.authScheme.value = 'an old secret';
    await register('--types', 'identity.user.created');
    expect(hook.channel.config.authScheme.value).toBe('an old secret');
    expect((await register('--types', 'identity.user.created', '--set-secret')).output).toContain('secret set; verified');
    expect(hook.channel.config.authScheme.value).toBe(hookSecret);
  });

  it('switches on a hook that it needs', async () => {
    byHand({ status: 'INACTIVE' });
    expect((await register('--types', 'identity.user.created')).output).toContain('switched on; verified');
    expect(okta.hooks).toMatchObject([{ status: 'ACTIVE', verificationStatus: 'VERIFIED' }]);
  });

  it('does not take over a hook of the same name that sends elsewhere, unless told to', async () => {
    byHand({ name: 'okta-event-relay' }, 'https://prod.example.com/okta/acme/events');
    const refused = await register('--types', 'identity.user.created');
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain('sends to https://prod.example.com/okta/acme/events');
    expect(changingCalls()).toEqual([]);
    expect((await register('--types', 'identity.user.created', '--move')).output).toContain('pointed here; verified');
    expect(okta.hooks.map(({ channel }) => channel.config.uri)).toEqual([relay.hookUrl]);
  });

  it('changes nothing in a dry run, and needs no secret for it', async () => {
    const { exitCode, output } = await bench.run('hook', 'register', '--okta-org', okta.url, '--okta-token-file', bench.tokenFile, '--hook-url', relay.hookUrl, '--types', '*', '--dry-run'); // prettier-ignore
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/^Nothing is changed; this is what would be done:\n"okta-event-relay": new/m);
    expect(output).toContain('"okta-event-relay": new, with 300 event types\n"okta-event-relay 2": new, with 14 event types');
    expect(okta.calls).toEqual(['GET /api/v1/eventHooks']);
  });

  it('says which types no hook can have, and goes on with the rest', async () => {
    const { output } = await register('--types', 'identity.user.updated');
    expect(output).toContain('Left out, because no event hook has them: user.account.update_primary_email, user.account.update_secondary_email'); // prettier-ignore
    expect(okta.hooks[0]?.events.items).toEqual(['user.account.update_profile']);
  });

  it('asks Okta nothing when no type is left, or one is misspelled', async () => {
    const nothing = await register('--types', 'user.account.update_primary_email');
    expect(nothing).toMatchObject({ exitCode: 1, output: expect.stringMatching(/is asked for\n {2}Name others with --types\.$/) });
    expect(await register('--types', 'user.lifecycle.*,user.lifecyle.create')).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining('no event hook has user.lifecyle.create: look at the spelling'),
    });
    expect(okta.calls).toEqual([]);
  });

  it('proves itself as a service app with a key', async () => {
    const key = bench.file('key.pem', keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const asApp = (...args: readonly string[]) =>
      bench.run('hook', 'register', '--okta-org', okta.url, '--client-id', clientId, '--private-key-file', key, '--hook-url', relay.hookUrl, '--secret-file', bench.secretFile, '--types', 'identity.user.created', ...args); // prettier-ignore
    expect((await asApp()).exitCode).toBe(0);
    expect(okta.hooks).toMatchObject([{ verificationStatus: 'VERIFIED' }]);
    okta.scopes = ['okta.eventHooks.read'];
    okta.faults.push({ at: /token$/, status: 400, body: { error: 'invalid_dpop_proof', error_description: 'The DPoP proof is missing.' } });
    expect((await asApp()).output).toContain('switch off "Require DPoP header"');
    const refused = await asApp();
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain('Grant the app okta.eventHooks.manage and okta.eventHooks.read');
  });

  it("takes a JWK as well, and says so when the key is not the app's", async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = bench.file('key.json', JSON.stringify({ ...other.privateKey.export({ format: 'jwk' }), kid: 'k1' }));
    const { exitCode, output } = await bench.run(
      'hook',
      'list',
      '--okta-org',
      okta.url,
      '--client-id',
      clientId,
      '--private-key-file',
      key,
    );
    expect(exitCode).toBe(1);
    expect(output).toContain('401 invalid_client');
    expect(output).toContain('--private-key-file is among the keys of the app');
  });

  it('asks the relay for what its subscriptions want, page after page, without those of other orgs', async () => {
    const pages = [
      { data: [{ types: ['identity.user.created'] }, { types: ['*'], orgs: ['other'] }], nextCursor: 'more' },
      { data: [{ types: ['identity.user.suspended', 'relay.*'], orgs: ['acme'] }], nextCursor: null },
    ];
    const challenged = relay.answer;
    relay.answer = (request, response) => {
      if (!request.url?.startsWith('/v1/')) return challenged(request, response);
      if (request.headers.authorization !== 'Bearer canary-admin') return void response.writeHead(401).end();
      response.end(JSON.stringify(pages[request.url.includes('cursor=more') ? 1 : 0]));
    };
    const token = ['--relay-token-file', bench.file('admin', 'canary-admin')];
    const { exitCode, output } = await register('--from-relay', `${relay.url}/v1`, ...token);
    expect(exitCode, output).toBe(0);
    expect(okta.hooks[0]?.events.items).toEqual(['user.lifecycle.create', 'user.lifecycle.suspend']);
    expect(output).not.toContain('Left out');
    const wrong = await register('--from-relay', relay.url, '--relay-token-file', bench.file('admin', 'canary-other'));
    expect(wrong.exitCode).toBe(1);
    expect(wrong.output).toContain("The relay's admin API answers 401");
  });

  it('signs what it asks the relay in AWS, with the credentials of the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'canary-aws-secret');
    const asked: string[] = [];
    const challenged = relay.answer;
    relay.answer = (request, response) => {
      if (!request.url?.startsWith('/v1/')) return challenged(request, response);
      asked.push(`${request.url} ${request.headers.authorization}`);
      response.end(JSON.stringify({ data: [{ types: ['identity.user.created'] }], nextCursor: null }));
    };
    const { exitCode, output } = await register('--from-relay', `${relay.url}/v1/`, '--relay-region', 'eu-central-1');
    vi.unstubAllEnvs();
    expect(exitCode, output).toBe(0);
    expect(asked).toEqual([
      expect.stringMatching(/^\/v1\/subscriptions\?limit=100 AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\//),
    ]);
  });
});

describe('hook register, when something is wrong', () => {
  const types = ['--types', 'identity.user.created'];

  /** An org that is not on this machine, at a port that fetch refuses before anything is looked up. */
  const elsewhere = (hookUrl: string) =>
    bench.run('hook', 'register', '--okta-org', 'https://acme.example.com:1', '--okta-token-file', bench.tokenFile, '--hook-url', hookUrl, ...types, '--dry-run'); // prettier-ignore

  it('says that Okta cannot reach this machine, and promises nothing before it knows what would be done', async () => {
    const { exitCode, output } = await elsewhere(relay.hookUrl);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^Okta cannot reach --hook-url, which is on this machine/);
    expect(output).toContain('No answer from https://acme.example.com:1');
    expect(output).not.toContain('Nothing is changed');
    expect((await elsewhere('https://hooks.example.com/okta/acme/events')).output).not.toContain('cannot reach');
    expect((await register(...types)).output).not.toContain('cannot reach');
  });

  it('says why a port is never asked', async () => {
    const { output } = await bench.run('hook', 'list', '--okta-org', 'http://127.0.0.1:1', '--okta-token-file', bench.tokenFile);
    expect(output).toContain('No answer from http://127.0.0.1:1 to listing the event hooks (bad port)');
  });

  it('waits for the rate limit to end, by the clock of Okta', async () => {
    const date = new Date('2026-11-21T12:00:00Z');
    const headers = { date: date.toUTCString(), 'x-rate-limit-reset': String(date.getTime() / 1000 + 17), 'x-rate-limit-remaining': '0' };
    okta.faults.push({ at: /^POST \/api\/v1\/eventHooks$/, status: 429, headers }, { at: /verify$/, status: 429, headers });
    const { exitCode, output, slept } = await register(...types);
    expect(exitCode, output).toBe(0);
    expect(slept).toEqual([17_000, 17_000]);
    expect(output).toContain("Okta's rate limit: going on in 17 s");
    expect(okta.hooks).toHaveLength(1);
  });

  it('gives up on a rate limit that does not end', async () => {
    okta.faults.push(...Array.from({ length: 9 }, () => ({ at: /./, status: 429 })));
    const { exitCode, output } = await register(...types);
    expect(exitCode).toBe(1);
    expect(output).toContain('Okta refused listing the event hooks: 429 E0000047');
    expect(okta.calls).toHaveLength(4);
  });

  it('asks again what may be asked again', async () => {
    okta.faults.push({ at: /^GET/, status: 503 }, { at: /^GET/, status: 'lost' }, { at: /verify$/, status: 'lost', after: true });
    expect((await register(...types)).exitCode).toBe(0);
    expect(okta.hooks).toHaveLength(1);
  });

  it('does not make a hook twice when the answer is lost, and finds it the next time', async () => {
    okta.faults.push({ at: /^POST \/api\/v1\/eventHooks$/, status: 'lost', after: true });
    const lost = await register(...types);
    expect(lost.exitCode).toBe(1);
    expect(lost.output).toContain('run the command again');
    expect((await register(...types)).exitCode).toBe(0);
    expect(okta.hooks).toMatchObject([{ verificationStatus: 'VERIFIED' }]);
  });

  it.each([
    [401, 'The API token is not of this org'],
    [403, 'may not manage event hooks'],
    [404, 'Check --okta-org'],
    [500, 'Okta itself failed'],
    [307, "It sends on to https://acme.example.com/login: give that org's own URL."],
  ])('says what a %s means', async (status, advice) => {
    const headers = status === 307 ? { location: 'https://acme.example.com/login' } : {};
    const fault = { at: /./, status, headers, body: { errorCode: 'E1', errorSummary: 'Said by Okta' } };
    okta.faults.push(...Array.from({ length: 4 }, () => fault));
    const { exitCode, output } = await register(...types);
    expect(exitCode).toBe(1);
    expect(output).toContain(`${status} E1`);
    expect(output).toContain('Okta says: Said by Okta');
    expect(output).toContain(advice);
  });

  it("repeats Okta's causes of a 400, and no secret that is in them", async () => {
    const { exitCode, output } = await register(...types, '--name', 'echo');
    expect(exitCode).toBe(1);
    expect(output).toContain('Okta says: channel.config.authScheme.value: [secret] is not liked');
  });

  it.each<[string, string | RegExp, () => void]>([
    [
      'another secret',
      /answers 401 in \d+ ms\. The relay does not know this org/,
      () => (relay.answer = (_, response) => void response.writeHead(401).end()),
    ],
    ['another server', 'That is not the relay', () => (relay.answer = (_, response) => void response.writeHead(404).end())],
    ['a server in between', 'That is not how the relay answers', () => (relay.answer = (_, response) => void response.end('<html>'))],
    ['an outage', 'is down', () => (relay.answer = (_, response) => void response.writeHead(503).end())],
    ['nobody', 'does not answer at all', () => (relay.answer = (request) => void request.socket.destroy())],
    [
      'a relay that Okta alone cannot reach',
      'Okta cannot reach it as you can',
      () => (relay.answer = keepOut(/Okta-Integrations/, relay.answer)),
    ],
  ])('says why a hook cannot be verified: %s', async (_, why, arrange) => {
    arrange();
    const { exitCode, output } = await register(...types);
    expect(exitCode).toBe(1);
    expect(output).toContain('Okta could not verify "okta-event-relay"');
    expect(output).toContain('Okta says: Unable to verify event hook. Hook okta-event-relay execution failed');
    expect(output).toMatch(why);
    expect(okta.hooks).toMatchObject([{ verificationStatus: 'UNVERIFIED' }]);
  });

  it.each([['[{"id":"../../users","name":"x"}]'], ['{}'], ['<html>']])('does not work with an answer such as %s', async (body) => {
    okta.faults.push({ at: /^GET/, status: 200, body: body.startsWith('<') ? body : JSON.parse(body) });
    const { exitCode, output } = await register(...types);
    expect(exitCode).toBe(1);
    expect(output).toContain('is not what its documents describe');
  });

  it('reads the list of hooks to its end, and takes its token to no other host', async () => {
    byHand();
    const next = (url: string) => ({
      link: `<${okta.url}/api/v1/eventHooks?limit=1>; rel="self", <${url}/api/v1/eventHooks?after=1>; rel="next"`,
    });
    okta.faults.push({ at: /^GET/, status: 200, headers: next(okta.url), body: [] });
    relay.answer = (request) => expect.fail(`asked for ${request.url}`);
    okta.faults.push({ at: /after=1$/, status: 200, headers: next(relay.url), after: true, body: okta.hooks });
    const { exitCode, output } = await register(...types);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('"made by hand" (who1hand0): nothing to do');
  });

  it('shows no secret and no control characters, whatever is said', async () => {
    byHand({ name: `\u001b[2J${apiToken}` });
    const { output } = await register(...types);
    expect(output).toContain('[2J[secret]');
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(output).not.toContain(apiToken);
    expect(output).not.toContain(hookSecret);
  });
});

describe('hook list and hook remove', () => {
  const at = (...args: readonly string[]) => bench.run(...args, '--okta-org', okta.url, '--okta-token-file', bench.tokenFile);

  it('show what is there and delete what sends to the URL, and nothing else', async () => {
    const mine = byHand();
    const other = byHand({}, 'https://other.example.com/');
    expect((await at('hook', 'list')).output).toBe(
      `${mine.id}  ACTIVE  VERIFIED  1 types  ${relay.hookUrl}  made by hand\n${other.id}  ACTIVE  VERIFIED  1 types  https://other.example.com/  made by hand`,
    );
    expect((await at('hook', 'remove', '--hook-url', relay.hookUrl, '--dry-run')).output).toContain('would be deleted');
    expect(okta.hooks).toHaveLength(2);
    expect((await at('hook', 'remove', '--hook-url', relay.hookUrl)).exitCode).toBe(0);
    expect(okta.hooks).toEqual([other]);
    expect((await at('hook', 'remove', '--hook-url', relay.hookUrl)).output).toContain('nothing to do');
  });
});

it('tells the version that package.json has', async () => {
  const { version } = JSON.parse(readText('package.json')) as { version: string };
  expect(await bench.run('--version')).toMatchObject({ exitCode: 0, output: `okta-relay ${version}` });
});
