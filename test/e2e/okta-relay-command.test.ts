import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { hookEligibleEventTypes } from '../../cli/hook-eligible-event-types.ts';
import { apiToken, startStandInOkta, type StandInOkta } from '../cli/stand-in-okta.ts';
import { admin, eventually, logEvent } from '../support/relay-client.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { adminToken, freePort, hookSecret, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';

const root = join(import.meta.dirname, '../..');
const subscriber = new WebhookReceiver();
let scratch: ReturnType<typeof scratchFolder>;
let okta: StandInOkta;
let relay: RelayProcess;
beforeAll(async () => {
  scratch = scratchFolder();
  relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
});
beforeEach(async () => {
  okta = await startStandInOkta(hookEligibleEventTypes);
});
afterEach(() => okta.stop());
afterAll(async () => {
  await relay.stop();
  await subscriber.close();
  scratch.remove();
});

/** What the command says when the relay did not answer Okta in time: it is to be run again. */
const outOfTime = /answers 503 |too slow: Okta waits|was unlucky once/;
const command = (secret: string, ...args: readonly string[]) =>
  eventually(
    () => runCommand(secret, ...args),
    ({ output }) => !outOfTime.test(output),
    { what: 'a relay that has time for Okta' },
  );

/** Runs what `npm run okta-relay` runs, as a process of its own. */
function runCommand(secret: string, ...args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const secretFile = join(scratch.path, `secret-${randomUUID()}`);
  writeFileSync(secretFile, secret);
  const all = ['hook', 'register', '--okta-org', okta.url, '--okta-token-env', 'OKTA_API_TOKEN', '--hook-url', `${relay.url}/okta/acme/events`, '--secret-file', secretFile, ...args]; // prettier-ignore
  const env = { ...process.env, OKTA_API_TOKEN: apiToken, RELAY_ADMIN_TOKEN: adminToken };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'cli/main.ts'), ...all], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }),
    );
  });
}

it('registers the hook at the relay: Okta verifies it there, and what it then sends is taken', async () => {
  const body = JSON.stringify({
    name: 'mine',
    url: await subscriber.listen(),
    types: ['identity.user.activated', 'okta.user.session.*'],
  });
  expect((await admin(relay.url, '/v1/subscriptions', { method: 'POST', body })).status).toBe(201);
  const wanted = ['--from-relay', relay.url, '--relay-token-env', 'RELAY_ADMIN_TOKEN'];

  const wrong = await command('not the secret of acme', ...wanted);
  expect(wrong).toMatchObject({ exitCode: 1, output: expect.stringContaining('The relay does not know this org') });
  expect(okta.hooks).toMatchObject([{ verificationStatus: 'UNVERIFIED' }]);

  const done = await command(hookSecret, ...wanted);
  expect(done.exitCode, done.output).toBe(0);
  expect(okta.hooks).toMatchObject([{ verificationStatus: 'VERIFIED' }]);
  expect(okta.hooks[0]?.events.items).toContain('user.session.start');
  expect((await command(hookSecret, ...wanted)).output).toContain('nothing to do');

  const event = logEvent({ eventType: 'user.lifecycle.activate', uuid: randomUUID() });
  expect(await okta.emit(event)).toEqual([200]);
  await expect.poll(() => subscriber.received.map(({ id }) => id), { timeout: 30_000 }).toEqual([event['uuid']]);
  expect(wrong.output + done.output).not.toContain(hookSecret);
});

it('has every type arrive through one of two hooks', async () => {
  const done = await command(hookSecret, '--types', '*');
  expect(done.exitCode, done.output).toBe(0);
  expect(okta.hooks).toHaveLength(2);
  const last = okta.hooks[1]?.events.items.at(-1) ?? '';
  expect(await okta.emit(logEvent({ eventType: last }))).toEqual([200]);
  expect(await okta.emit(logEvent({ eventType: 'user.lifecycle.create' }))).toEqual([200]);
});
