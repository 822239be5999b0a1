import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { admin, hookBody, logEvent, postHookTaken } from '../support/relay-client.ts';
import { freePort, runRelay, scratchFolder, startRelayProcess } from '../support/relay-process.ts';

let scratch: ReturnType<typeof scratchFolder>;
beforeEach(() => {
  scratch = scratchFolder();
});
afterEach(() => scratch.remove());

const send = async (url: string, org: string, authorization: string) =>
  (await postHookTaken(url, hookBody([logEvent()], org), { org, headers: { authorization } })).status;

it('an org made through the API is taken at once, and still after a kill; flags cannot take its place', async () => {
  const start = { dataDir: join(scratch.path, 'state'), port: await freePort() };
  let relay = await startRelayProcess(start);
  const body = JSON.stringify({ id: 'made', hosts: ['made.okta.com'], authentication: { kind: 'header' } });
  const made = await admin<{ secret: string }>(relay.url, '/v1/orgs', { method: 'POST', body });
  expect(made.status).toBe(201);
  expect(await send(relay.url, 'made', made.body.secret)).toBe(200);
  expect(await send(relay.url, 'made', 'a wrong secret')).toBe(401);
  const rotated = await admin<{ secret: string }>(relay.url, '/v1/orgs/made/rotate-secret', { method: 'POST', body: '{}' });
  expect(rotated.status).toBe(200);
  expect((await admin(relay.url, '/v1/orgs/acme', { method: 'PATCH', body: '{"status":"disabled"}' })).status).toBe(409);
  await relay.kill();

  const taken = await runRelay(['--port', String(start.port), '--data-dir', start.dataDir, '--org', 'made', '--once']);
  expect(taken.exitCode).not.toBe(0);
  expect(taken.output).toContain('The org made was made through the API');

  relay = await startRelayProcess(start);
  for (const { body: answer } of [made, rotated]) expect(await send(relay.url, 'made', answer.secret)).toBe(200);
  expect((await admin(relay.url, '/v1/orgs/made', { method: 'DELETE' })).status).toBe(200);
  await relay.stop();
});
