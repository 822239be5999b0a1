import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admin, eventually, logEvent, sendHook, subscribe } from '../support/relay-client.ts';
import { kafkaAvailability, noKafka, startKafkaBroker } from '../support/kafka-broker.ts';
import { freePort, runRelay, scratchFolder, startRelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const root = join(import.meta.dirname, '../..');
const replaceModule = pathToFileURL(join(import.meta.dirname, '../support/replace-module.ts')).href;
/** These are on the way of the demonstration. */
const demonstrated = ['admin', 'deliver', 'fan-out', 'receive-hook'];

let scratch: ReturnType<typeof scratchFolder>;
beforeEach(() => {
  scratch = scratchFolder();
});
afterEach(() => scratch.remove());
const dataDir = () => join(scratch.path, 'state');

/** Loads a handler that throws in the place of the real one. */
const broken = (name: string) => ({
  imports: [replaceModule],
  environment: {
    RELAY_TEST_REPLACE: `functions/${name}/handler.ts`,
    RELAY_TEST_REPLACE_SOURCE: 'export const handler = async () => { throw new Error("replaced by a test"); };',
  },
});

describe('the handlers of functions/ are what runs: with one that throws', () => {
  it('every function of the local relay is among these tests', () => {
    const functions = readdirSync(join(root, 'functions')).filter((name) => name !== 'cluster-setup');
    expect(functions.sort()).toEqual([...demonstrated, 'replay', 'respool', 'sweep'].sort());
  });

  // Side by side: they mostly wait for a webhook that does not come.
  it.concurrent.each(demonstrated)('%s, the demonstration fails and says so', async (name) => {
    const own = scratchFolder();
    const { exitCode, output } = await runRelay(['--once', '--port', '0', '--data-dir', join(own.path, 'state')], broken(name));
    own.remove();
    expect(output).toMatch(/✗/);
    expect(exitCode).toBe(1);
  });

  it('replay, a replay does not get done, and the relay says so', async () => {
    const relay = await startRelayProcess({ dataDir: dataDir(), port: await freePort(), ...broken('replay') });
    const { id } = await subscribe(relay.url, { name: 'nobody', url: 'http://127.0.0.1:9/', types: ['*'] });
    const range = { from: new Date(Date.now() - 60_000).toISOString(), to: new Date().toISOString() };
    const { status, body } = await admin<{ id: string }>(relay.url, '/v1/replays', {
      method: 'POST',
      body: JSON.stringify({ subscription: id, ...range }),
    });
    expect(status).toBe(202);
    await eventually(relay.output, (output) => output.includes('replay failed: Error: replaced by a test'), { what: 'the complaint' });
    expect((await admin<{ status: string }>(relay.url, `/v1/replays/${body.id}`)).body.status).not.toBe('done');
    await relay.stop();
  });

  it('sweep, what was parked stays so, and the relay says so', async () => {
    const receiver = new WebhookReceiver();
    const relay = await startRelayProcess({ dataDir: dataDir(), port: await freePort(), ...broken('sweep') });
    const { id, secret } = await subscribe(relay.url, { name: 'paused', url: await receiver.listen(), types: ['*'] });
    receiver.trust(secret);
    expect((await admin(relay.url, `/v1/subscriptions/${id}/pause`, { method: 'POST' })).status).toBe(200);
    await sendHook(relay.url, [logEvent()]);
    const parked = () => admin<{ data: unknown[] }>(relay.url, `/v1/deliveries?subscription=${id}&status=parked`);
    await eventually(parked, ({ body }) => body.data.length === 1, { what: 'the parked delivery' });
    expect((await admin(relay.url, `/v1/subscriptions/${id}/resume`, { method: 'POST' })).status).toBe(200);
    const complaints = () => relay.output().split('sweep failed: Error: replaced by a test').length - 1;
    const before = complaints();
    // Two more ticks, either of which would have released it.
    await eventually(complaints, (count) => count >= before + 2, { what: 'two complaints' });
    expect((await parked()).body.data).toHaveLength(1);
    expect(receiver.received).toEqual([]);
    await relay.stop();
    await receiver.close();
  });

  it('respool, what was spooled does not arrive, and the relay says so', async (context) => {
    const kafka = await kafkaAvailability();
    if (kafka.kind === 'missing') return context.skip(noKafka);
    const broker = await startKafkaBroker({ dataDir: join(scratch.path, 'kafka') });
    const receiver = new WebhookReceiver();
    const { imports, environment } = broken('respool');
    const relay = await startRelayProcess({
      dataDir: dataDir(),
      port: await freePort(),
      imports,
      environment: { ...environment, KAFKA_BROKERS: broker.brokers },
    });
    const { secret } = await subscribe(relay.url, { name: 'everything', url: await receiver.listen(), types: ['*'] });
    receiver.trust(secret);
    await broker.kill();
    await sendHook(relay.url, [logEvent()]);
    await eventually(relay.output, (output) => output.includes('respool failed: Error: replaced by a test'), { what: 'the complaint' });
    expect(receiver.received).toEqual([]);
    await relay.kill();
    await receiver.close();
  });
});
