import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { sqsDeliveryQueue } from '#lib/sqs/delivery-queue.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../local/aws-emulators.ts';
import { invoke, type LambdaHandler } from '../../local/lambda.ts';
import { startQueuePoller, type Poller } from '../../local/queue-poller.ts';
import { startTicker } from '../../local/ticker.ts';
import { deliveryTo, subscriptionNamed } from '../support/deliveries.ts';
import { eventually } from '../support/relay-client.ts';
import { scratchFolder } from '../support/relay-process.ts';
import { scaled } from '../support/scale.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { startHttpOutage, type HttpOutage, type Outage } from './http-outage.ts';

const users = ['ana', 'ben', 'cem', 'dana', 'eli', 'fay', 'gil', 'hal'];
const outages: readonly Outage[] = ['resets', 'hangs', 'fails'];
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const now = () => new Date();
const sweepIntervalMs = 1_000;

const scratch = scratchFolder();
const receiver = new WebhookReceiver();
const lines: Record<string, unknown>[] = [];
let aws: AwsEmulators;
let services: Record<'DynamoDB' | 'SQS', HttpOutage>;
let subscription: Subscription;
let poller: Poller;
let sweep: () => Promise<unknown>;
let queue: ReturnType<typeof sqsDeliveryQueue>;

beforeAll(async () => {
  aws = await startAwsEmulators();
  services = { DynamoDB: await startHttpOutage(aws.dynamodbUrl), SQS: await startHttpOutage(aws.sqsUrl) };
  const keyFile = join(scratch.path, 'key');
  createLocalKeyFile(keyFile);
  subscription = await seed(keyFile);
  provideEnvironment({
    ...aws.environment,
    AWS_ENDPOINT_URL_SQS: services.SQS.url,
    AWS_ENDPOINT_URL_DYNAMODB: services.DynamoDB.url,
    SECRETS_KEY_FILE: keyFile,
    ALLOW_LOOPBACK_SUBSCRIBERS: 'true',
    // The subscriber is here and well, and one process is everything: on a busy machine it is late.
    ATTEMPT_TIMEOUT_MS: '5000',
    SWEEP_INTERVAL_MS: String(sweepIntervalMs),
  });
  provideLogSink((line) => void lines.push(JSON.parse(line) as Record<string, unknown>));
  const { handler } = (await import('../../functions/deliver/handler.ts')) as unknown as { handler: LambdaHandler };
  const { handler: sweepHandler } = (await import('../../functions/sweep/handler.ts')) as unknown as { handler: LambdaHandler };
  sweep = () => invoke('sweep', sweepHandler, {});
  const direct = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  queue = sqsDeliveryQueue({ client: direct, queueUrl: aws.deliveriesQueueUrl, now, budgetMs: 10_000 });
  poller = startQueuePoller({
    // Not by the way that goes bad: what the function itself asks of SQS is what fails, with messages in its hands.
    receiver: queueReceiver(direct, {
      queueUrl: aws.deliveriesQueueUrl,
      queueArn: 'arn:aws:sqs:us-east-1:000000000000:deliveries.fifo',
      region: localRegion,
    }),
    batchSize: 10,
    maxInvocations: () => 4,
    invoke: (event) => invoke('deliver', handler, event),
    onError: () => undefined,
  });
});
afterAll(async () => {
  for (const service of Object.values(services)) service.set(undefined);
  await poller.stop();
  for (const service of Object.values(services)) await service.stop();
  await aws.stop();
  await receiver.close();
  scratch.remove();
});

async function seed(keyFile: string): Promise<Subscription> {
  // Two late answers must not hold a lane up for minutes.
  const stored = subscriptionNamed('payroll', { url: await receiver.listen(), retrySeconds: Array<number>(15).fill(2) });
  const sealed = await new SecretBox(localDataKeys(keyFile), { now }).seal(secret, { purpose: 'signing-secret', owner: stored.id });
  const complete = { ...stored, signingSecrets: [{ sealed, createdAt: stored.createdAt }] };
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  await dynamodbSubscriptionStore({ client, table: 'subscriptions' }).create(complete);
  client.destroy();
  receiver.trust(secret);
  return complete;
}

/** Owes each user's changes, later and later, until it is stopped; answers the ids by user. */
function startStream(): { useNewLanes(): void; stop(): Promise<Map<string, string[]>> } {
  const owed = new Map<string, string[]>();
  const state = { stopped: false, lanes: 0 };
  const sending = (async () => {
    for (let round = 0; !state.stopped; round += 1) {
      const time = new Date(Date.parse('2026-11-21T12:00:00.000Z') + round * 1_000).toISOString();
      const type = round % 2 === 0 ? 'identity.user.activated' : 'identity.user.deactivated';
      const deliveries = users.map((user) => ({ user: `${user}${state.lanes}`, id: randomUUID() }));
      await queue.send(deliveries.map(({ user, id }) => deliveryTo(subscription, user, id, { time, type })));
      for (const { user, id } of deliveries) owed.set(user, [...(owed.get(user) ?? []), id]);
      await delay(300);
    }
  })();
  return {
    useNewLanes: () => void (state.lanes += 1),
    async stop() {
      state.stopped = true;
      await sending;
      return owed;
    },
  };
}

describe('deliver while what it stands on goes bad', () => {
  it('loses nothing, sends nothing stale and keeps each lane in order, whatever of DynamoDB or SQS resets, hangs or fails', async () => {
    const outageMs = scaled(15_000, 1_200);
    const stream = startStream();
    await eventually(
      () => receiver.received.length,
      (count) => count > users.length,
      { what: 'first deliveries' },
    );
    for (const service of Object.values(services)) {
      for (const outage of outages) {
        // Lanes of the last outage wait for ten seconds: it would meet hardly anybody.
        stream.useNewLanes();
        await delay(600);
        service.set(outage);
        await delay(outageMs);
        await eventually(
          () => service.met[outage],
          (count) => count > 0,
          { what: `a request that ${outage}`, deadlineMs: 40_000 },
        );
        service.set(undefined);
      }
    }
    const owed = await stream.stop();
    // What an outage abandons holds the subscription's places until its leases end, so that lanes park. Not before: deliver itself is to meet each outage.
    // Its log line tells what a sweep failed with, and is looked at below.
    const sweeping = startTicker({ intervalMs: sweepIntervalMs, invoke: sweep, onError: () => undefined });
    onTestFinished(() => sweeping.stop());
    const backAtMs = performance.now();
    const all = [...owed.values()].flat();
    await eventually(
      () => new Set(receiver.received.map(({ id }) => id)).size,
      (count) => count >= all.length,
      { what: `delivery of all ${all.length} changes`, deadlineMs: 480_000, everyMs: 200 },
    );

    const parked = lines.reduce((sum, line) => sum + Number(line['parked'] ?? 0), 0);
    const errors = lines.flatMap((line) => (line['errors'] ?? []) as { code: string }[]).map(({ code }) => code);
    console.log(
      `deliver in outages of ${outageMs / 1000} s: ${all.length} changes, ${receiver.received.length} webhooks, ${parked} parked, requests that met them ` +
        `${JSON.stringify(Object.fromEntries(Object.entries(services).map(([name, { met }]) => [name, met])))}, all delivered ` +
        `${((performance.now() - backAtMs) / 1000).toFixed(1)} s after the last one`,
    );
    expect(errors, 'what was alarmed').toContain('DELIVERY_STORE_UNAVAILABLE');
    expect(
      errors.filter((code) => !code.endsWith('_UNAVAILABLE')),
      'bugs',
    ).toEqual([]);
    const byUser = Map.groupBy(receiver.firstArrivals(), ({ change }) => change.partitionkey.replace('acme:', ''));
    expect(Object.fromEntries([...byUser].map(([user, arrivals]) => [user, arrivals.map(({ id }) => id)]))).toEqual(
      Object.fromEntries(owed),
    );
    for (const [user, arrivals] of Map.groupBy(receiver.received, ({ change }) => change.partitionkey)) {
      const sequences = arrivals.map(({ change }) => change.sequence);
      expect(sequences, `${user}: never an older state after a newer one`).toEqual(sequences.toSorted());
    }
    expect(receiver.received.every(({ verified }) => verified)).toBe(true);
  }, 700_000);
});
