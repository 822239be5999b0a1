import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { admin, eventually, hookBody, logEvent, postHook, subscribe } from '../support/relay-client.ts';
import { adminToken, freePort, hookSecret, scratchFolder, startRelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const scratch = scratchFolder();
const dataDir = join(scratch.path, 'state');
const receiver = new WebhookReceiver();
let signingSecret: string;
let output: string;

const configured = { hmac: 'canary-hmac-secret-58d1', basic: 'canary-basic-password-02ab', header: 'canary-header-secret-c3c3' };

beforeAll(async () => {
  const config = join(scratch.path, 'relay.json');
  const authentication = [
    { kind: 'hmac', secrets: [configured.hmac] },
    { kind: 'basic', credentials: [`okta:${configured.basic}`] },
    { kind: 'header', headerName: 'x-relay-key', secrets: [configured.header] },
  ];
  writeFileSync(config, JSON.stringify({ orgs: [{ id: 'beta', hosts: ['beta.okta.com'], authentication }] }));
  const relay = await startRelayProcess({ dataDir, port: await freePort(), args: ['--config', config] });
  const subscription = await subscribe(relay.url, { name: 'canary', url: await receiver.listen(), types: ['*'] });
  signingSecret = subscription.secret;
  receiver.trust(signingSecret);
  await postHook(relay.url, hookBody([logEvent({ userId: 'canary' }), { broken: true }]));
  await postHook(relay.url, '{ not json');
  await postHook(relay.url, hookBody([logEvent()]), { headers: { authorization: `${hookSecret}-wrong` } });
  await eventually(
    () => receiver.received.length,
    (count) => count > 0,
    { what: 'a webhook' },
  );
  const listed = await admin(relay.url, '/v1/subscriptions');
  const one = await admin(relay.url, `/v1/subscriptions/${subscription.id}`);
  await admin(relay.url, '/v1/subscriptions', { method: 'POST', body: JSON.stringify({ name: '', url: 'nonsense' }) });
  // Not stopped but killed: what a graceful end would tidy away must not be there either.
  await relay.kill();
  output = relay.output() + JSON.stringify([listed, one]);
});
afterAll(async () => {
  await receiver.close();
  scratch.remove();
});

/** Every file below the folder, whole. */
function files(folder: string): { path: string; content: Buffer }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, content: readFileSync(path) }));
}

/** A secret in the spellings that a careless writer would leave behind. */
function spellings(secret: string): string[] {
  const bare = secret.replace(/^whsec_/, '');
  return [
    secret,
    bare,
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('hex'),
    Buffer.from(bare, 'base64').toString('hex'),
  ];
}

it('finds every file of the state folder and something in it', () => {
  const all = files(dataDir);
  expect(all.length).toBeGreaterThan(5);
  // The scan must be able to find: an id that is stored in the clear is there.
  expect(all.some(({ content }) => content.includes('00u1test000000000000') || content.includes('canary'))).toBe(true);
});

it.each([
  ['the hook secret', () => hookSecret],
  ['the admin token', () => adminToken],
  ['a signing secret', () => signingSecret],
  ['an hmac secret of the configuration file', () => configured.hmac],
  ['a basic password of the configuration file', () => configured.basic],
  ['a header secret of the configuration file', () => configured.header],
  ['the local key', () => readFileSync(`${dataDir}.key`, 'utf8').trim()],
])('leaves %s in no file of the state folder and in no output', (_, secret) => {
  const needles = spellings(secret()).filter((needle) => needle.length >= 8);
  const found = files(dataDir).filter(({ content }) => needles.some((needle) => content.includes(needle)));
  expect(found.map(({ path }) => path)).toEqual([]);
  expect(needles.filter((needle) => output.includes(needle))).toEqual([]);
});

it('keeps the key beside the folder, for its owner alone', () => {
  expect(statSync(`${dataDir}.key`).mode & 0o777).toBe(0o600);
  expect(files(dataDir).map(({ path }) => path)).not.toContain(`${dataDir}.key`);
});
