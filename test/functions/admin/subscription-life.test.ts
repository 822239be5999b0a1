import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import type { Attempt, DeliveryMessage, DeliveryReason, DeliveryStatus } from '#lib/delivery/delivery.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbDeliveryStore } from '#lib/dynamodb/delivery-store.ts';
import { dynamodbLaneStore } from '#lib/dynamodb/lane-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../../local/aws-emulators.ts';
import { storedSubscription } from '../../lib/subscriptions/stored-subscription.ts';
import { deliveryTo } from '../../support/deliveries.ts';
import { adminEvent, type AdminCallInput } from './admin-event.ts';

const token = 'an-invented-admin-token';
const bearer = { authorization: `Bearer ${token}` };
const json = { ...bearer, 'content-type': 'application/json' };
const folder = mkdtempSync(join(tmpdir(), 'admin-life-'));
const lines: string[] = [];
let aws: AwsEmulators;
let handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;
let subscriptions: ReturnType<typeof dynamodbSubscriptionStore>;
let deliveries: ReturnType<typeof dynamodbDeliveryStore>;
let lanes: ReturnType<typeof dynamodbLaneStore>;

beforeAll(async () => {
  createLocalKeyFile(join(folder, 'key'));
  aws = await startAwsEmulators();
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  subscriptions = dynamodbSubscriptionStore({ client, table: 'subscriptions' });
  deliveries = dynamodbDeliveryStore({ client, table: 'deliveries', now: () => new Date() });
  lanes = dynamodbLaneStore({ client, table: 'lanes' });
  provideEnvironment({ ...aws.environment, SECRETS_KEY_FILE: join(folder, 'key'), ADMIN_AUTH: 'bearer', RELAY_ADMIN_TOKEN: token });
  provideLogSink((line) => lines.push(line));
  ({ handler } = await import('../../../functions/admin/handler.ts'));
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});

async function send(line: `${string} /${string}`, input: AdminCallInput = { headers: bearer }) {
  const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 10_000 } as Context;
  const { statusCode: status, headers, body } = await handler(adminEvent(line, input), context);
  return { status, headers, text: body, body: body === '' ? undefined : JSON.parse(body) };
}
const call = (line: `${string} /${string}`, body?: unknown) =>
  body === undefined ? send(line) : send(line, { headers: json, body: JSON.stringify(body) });

let made = 0;
async function stored(overrides: Partial<Subscription> = {}) {
  made += 1;
  const subscription = storedSubscription(made, overrides);
  await subscriptions.create(subscription);
  return { subscription, path: `/v1/subscriptions/${subscription.id}` as const };
}

/** Messages in a queue, each for a minute out of others' sight. */
async function messagesIn(queue: 'deliveries' | 'replayDeliveries'): Promise<DeliveryMessage[]> {
  const queueUrl = queue === 'deliveries' ? aws.deliveriesQueueUrl : aws.replayDeliveriesQueueUrl;
  const queueArn = `arn:aws:sqs:${localRegion}:000000000000:${queueUrl.split('/').at(-1)}`;
  const client = sqsClient({ region: localRegion, endpoint: aws.sqsUrl });
  const batch = await queueReceiver(client, { queueUrl, queueArn, region: localRegion }).receive({
    maxMessages: 10,
    waitSeconds: 0,
    signal: new AbortController().signal,
  });
  return batch.map(({ body }) => JSON.parse(body) as DeliveryMessage);
}

const hour = 3_600_000;
const daysFromNow = (days: number) => new Date(Date.now() + days * 24 * hour).toISOString();

describe('PATCH /v1/subscriptions/{id}', () => {
  it('answers the subscription as it is then, and GET the same', async () => {
    const { path } = await stored({ filter: 'user.userName pr' });
    const patch = {
      url: 'https://new.example.com/',
      filter: null,
      limits: { concurrency: 3 },
      retry: { schedule: [5, 60] },
      stale: 'late',
    };
    const { status, body, headers } = await call(`PATCH ${path}`, patch);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    const { filter: _, ...kept } = patch;
    expect(body).toMatchObject(kept);
    expect(body).not.toHaveProperty('filter');
    expect(await call(`GET ${path}`)).toMatchObject({ status: 200, body });
  });

  it('takes a merge patch by its own media type', async () => {
    const { path } = await stored();
    const headers = { ...bearer, 'content-type': 'application/merge-patch+json' };
    expect(await send(`PATCH ${path}`, { headers, body: '{"name":"New"}' })).toMatchObject({ status: 200, body: { name: 'New' } });
  });

  it('answers 422 with pointers, and 400, 413 and 415 to what cannot be read', async () => {
    const { path } = await stored();
    const { status, headers, body } = await call(`PATCH ${path}`, { ordering: 'none', limits: { concurrency: 0 } });
    expect({ status, type: headers['content-type'] }).toEqual({ status: 422, type: 'application/problem+json' });
    expect(body.errors).toEqual(
      expect.arrayContaining([
        { pointer: '/ordering', detail: 'cannot be changed' },
        { pointer: '/limits/concurrency', detail: expect.any(String) },
      ]),
    );
    expect((await send(`PATCH ${path}`, { headers: json, body: '{' })).status).toBe(400);
    expect((await send(`PATCH ${path}`, { headers: json })).status).toBe(400);
    expect((await send(`PATCH ${path}`, { headers: json, body: '{}'.padEnd(65_537, ' ') })).status).toBe(413);
    expect((await send(`PATCH ${path}`, { headers: bearer, body: '{}' })).status).toBe(415);
    expect((await call(`PATCH ${path}?force=1`, {})).body.errors).toEqual([{ pointer: '?force', detail: expect.any(String) }]);
  });

  it('lets one of many through that change at the same time, or each after the other', async () => {
    const { path } = await stored();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => call(`PATCH ${path}`, { name: `Name ${index}` })));
    const won = answers.flatMap(({ status }, index) => (status === 200 ? [`Name ${index}`] : []));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect(won).toContain((await call(`GET ${path}`)).body.name);
  });
});

describe('a subscription that is paused, resumed and deleted', () => {
  it('shows it, and answers each call with how it is', async () => {
    const { path } = await stored();
    const until = daysFromNow(1);
    expect(await call(`POST ${path}/pause`, { until })).toMatchObject({ status: 200, body: { status: 'paused', pausedUntil: until } });
    expect((await call(`GET ${path}`)).body).toMatchObject({ status: 'paused', pausedUntil: until });
    const resumed = await call(`POST ${path}/resume`);
    expect(resumed).toMatchObject({ status: 200, body: { status: 'active', circuit: { state: 'closed' } } });
    expect(resumed.body).not.toHaveProperty('pausedUntil');
    expect(await call(`DELETE ${path}`)).toMatchObject({ status: 204, text: '' });
    expect((await call(`DELETE ${path}`)).status).toBe(204);
    for (const line of ['GET', 'PATCH', 'POST pause', 'POST resume', 'POST test', 'POST recover']) {
      const [method = '', step] = line.split(' ');
      const target = `${method} ${path}${step === undefined ? '' : `/${step}`}` as const;
      expect({ line, status: (await call(target, method === 'GET' ? undefined : bodyOf(step))).status }).toEqual({ line, status: 404 });
    }
    const { body } = await call('GET /v1/subscriptions?limit=100');
    expect(body.data.map(({ id }: { id: string }) => id)).not.toContain(path.split('/').at(-1));
  });
  const bodyOf = (step: string | undefined) => (step === 'recover' ? { since: daysFromNow(-1) } : {});

  it('is paused without a body, for seven days', async () => {
    const { path } = await stored();
    const { status, body } = await call(`POST ${path}/pause`);
    expect(status).toBe(200);
    expect(Date.parse(body.pausedUntil) - Date.parse(body.updatedAt)).toBe(7 * 24 * hour);
  });

  it('is not paused for longer, nor with anything else in the body', async () => {
    const { path } = await stored();
    const { status, body } = await call(`POST ${path}/pause`, { until: daysFromNow(7.1), why: 'holidays' });
    expect(status).toBe(422);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(['/until', '/why']);
    for (const step of ['resume', 'test'])
      expect(await call(`POST ${path}/${step}`, { now: true })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/now' }] } });
    expect(await call(`DELETE ${path}?now=1`)).toMatchObject({ status: 422, body: { errors: [{ pointer: '?now' }] } });
  });

  it('comes back from being disabled by being resumed, and by nothing else', async () => {
    const { path } = await stored({ status: 'disabled', disabledReason: 'gone' });
    expect((await call(`GET ${path}`)).body).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    for (const step of ['pause', 'test', 'recover'])
      expect(await call(`POST ${path}/${step}`, bodyOf(step))).toMatchObject({
        status: 409,
        body: { title: 'Conflict', detail: 'The subscription is disabled: resume it first' },
      });
    const { status, body } = await call(`POST ${path}/resume`);
    expect({ status, is: body.status }).toEqual({ status: 200, is: 'active' });
    expect(body).not.toHaveProperty('disabledReason');
  });

  it('shows an open circuit, and has it closed by being resumed', async () => {
    const circuit = { since: '2026-11-22T07:00:00.000Z', probeAt: '2026-11-22T08:02:00.000Z', probes: 3 };
    const { path } = await stored({ circuit });
    expect((await call(`GET ${path}`)).body.circuit).toEqual({ state: 'open', since: circuit.since, nextProbeAt: circuit.probeAt });
    expect((await call(`POST ${path}/resume`)).body.circuit).toEqual({ state: 'closed' });
  });

  it.each(['sub_00000000000000000000009999', 'nope', '__proto__'])('is none by the id %s', async (id) => {
    for (const line of ['PATCH', 'DELETE', 'POST pause', 'POST resume', 'POST test', 'POST recover']) {
      const [method = '', step] = line.split(' ');
      const body = method === 'DELETE' ? undefined : bodyOf(step);
      expect((await call(`${method} /v1/subscriptions/${id}${step === undefined ? '' : `/${step}`}`, body)).status).toBe(404);
    }
  });
});

describe('POST /v1/subscriptions/{id}/test', () => {
  it('answers 202 with the delivery, which is on the queue', async () => {
    const { subscription, path } = await stored({ types: ['identity.group.created'] });
    const { status, headers, body } = await call(`POST ${path}/test`);
    expect(status).toBe(202);
    expect(body).toEqual({ id: expect.stringMatching(/^dlv_[0-9a-f]{32}$/), change: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(headers['location']).toBe(`/v1/deliveries/${body.id}`);
    const [message] = (await messagesIn('deliveries')).filter(({ delivery }) => delivery === body.id);
    expect(message).toMatchObject({
      subscription: subscription.id,
      change: { id: body.change, type: 'relay.subscription.test', data: { subscription: { id: subscription.id } } },
    });
  });
});

describe('POST /v1/subscriptions/{id}/recover', () => {
  it('answers 202 with the recovery, and the subscription shows it', async () => {
    const { path } = await stored();
    const since = daysFromNow(-2);
    const { status, headers, body } = await call(`POST ${path}/recover`, { since });
    expect(status).toBe(202);
    expect(headers['location']).toBe(path);
    expect(body).toEqual({
      id: expect.stringMatching(/^rpl_[0-9a-z]{26}$/),
      status: 'running',
      since,
      until: expect.any(String),
      doneUntil: since,
      redelivered: 0,
      unreadable: 0,
    });
    expect((await call(`GET ${path}`)).body.recovery).toEqual(body);
    expect(await call(`POST ${path}/recover`, { since })).toMatchObject({ status: 409, body: { title: 'Conflict' } });
  });

  it('is cancelled by DELETE, which may be said again, and another one may begin', async () => {
    const { path } = await stored();
    expect((await call(`DELETE ${path}/recover`)).status).toBe(204);
    const { body } = await call(`POST ${path}/recover`, { since: daysFromNow(-2) });
    expect((await call(`DELETE ${path}/recover`)).status).toBe(204);
    expect((await call(`DELETE ${path}/recover`)).status).toBe(204);
    expect((await call(`GET ${path}`)).body.recovery).toEqual({ ...body, status: 'cancelled' });
    expect((await call(`POST ${path}/recover`, { since: daysFromNow(-1) })).status).toBe(202);
    expect((await call('DELETE /v1/subscriptions/sub_00000000000000000000009999/recover')).status).toBe(404);
  });

  it('needs to know since when', async () => {
    const { path } = await stored();
    for (const body of [{}, { since: daysFromNow(-31) }, { since: daysFromNow(1) }, { since: 'yesterday' }])
      expect(await call(`POST ${path}/recover`, body)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/since' }] } });
    expect((await send(`POST ${path}/recover`, { headers: json })).status).toBe(400);
  });
});

describe('a delivery', () => {
  let count = 0;
  async function delivery(subscription: Subscription, status: DeliveryStatus, more: { reason?: DeliveryReason; attempt?: Attempt } = {}) {
    count += 1;
    const { message } = deliveryTo(subscription, '00uAna', `change-${count}`);
    const lease = `lease-${count}`;
    await deliveries.claim({ message, lease, now: new Date(), leaseMs: 60_000 });
    await deliveries.settle({ id: message.delivery, lease, status, ...more, ...(status === 'dead' ? { letter: message } : {}) });
    return message;
  }
  const attempt: Attempt = {
    time: '2026-11-22T08:00:00.000Z',
    status: 422,
    latencyMs: 41,
    error: null,
    answer: 'no badge\\n',
    probe: true,
  };

  it('is shown with why it is dead, and what was answered', async () => {
    const { subscription } = await stored();
    const { delivery: id, change } = await delivery(subscription, 'dead', { reason: 'exhausted', attempt });
    const { status, body } = await call(`GET /v1/deliveries/${id}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      id,
      subscription: subscription.id,
      org: 'acme',
      change: change.id,
      type: change.type,
      user: '00uAna',
      status: 'dead',
      reason: 'exhausted',
      createdAt: expect.any(String),
      attempts: [attempt],
      nextAttemptAt: null,
    });
    const dead = await call(`GET /v1/deliveries?status=dead&subscription=${subscription.id}`);
    expect(dead.body.data).toEqual([body]);
  });

  it.each(['dlv_00000000000000000000000000000000', 'dlv_', 'nope', '__proto__'])('is none by the id %s', async (id) => {
    expect((await call(`GET /v1/deliveries/${id}`)).status).toBe(404);
    expect((await call(`POST /v1/deliveries/${id}/redeliver`)).status).toBe(404);
  });

  it('that is dead is sent again, once for however many ask', async () => {
    const { subscription } = await stored();
    const { delivery: id } = await delivery(subscription, 'dead', { reason: 'gone' });
    const answers = await Promise.all(Array.from({ length: 3 }, () => call(`POST /v1/deliveries/${id}/redeliver`)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const { body, headers } = answers[0]!;
    expect(answers.map((answer) => answer.body)).toEqual([body, body, body]);
    expect(body).toEqual({ id: expect.stringMatching(/^dlv_[0-9a-f]{32}$/) });
    expect(headers['location']).toBe(`/v1/deliveries/${body.id}`);
    const again = (await messagesIn('replayDeliveries')).filter(({ subscription: of }) => of === subscription.id);
    expect(again.map(({ delivery: one }) => one)).toEqual([body.id]);
  });

  it('that is parked has its lane worked at once, and itself for an answer', async () => {
    const { subscription } = await stored();
    const { delivery: id } = await delivery(subscription, 'parked');
    expect((await call(`POST /v1/deliveries/${id}/redeliver`)).status).toBe(409);
    const { group = '' } = (await deliveries.find(id)) ?? {};
    const key = { queue: 'deliveries', group } as const;
    const dueAt = new Date(Date.now() + 3_600_000);
    const { message } = deliveryTo(subscription, '00uAna', id);
    await lanes.park({
      ...key,
      subscription: subscription.id,
      epoch: 'one',
      message,
      removal: true,
      reason: 'back-off',
      dueAt,
      now: new Date(),
    });
    const { status, body, headers } = await call(`POST /v1/deliveries/${id}/redeliver`);
    expect({ status, body, location: headers['location'] }).toEqual({ status: 202, body: { id }, location: `/v1/deliveries/${id}` });
    expect((await lanes.find(key))?.dueAt.getTime()).toBeLessThanOrEqual(Date.now());
    expect(await messagesIn('replayDeliveries')).toEqual([]);
  });

  it('that is not dead, or whose subscription is gone, is not sent again: 409 says why', async () => {
    const { subscription, path } = await stored();
    const { delivery: delivered } = await delivery(subscription, 'delivered');
    const { delivery: dead } = await delivery(subscription, 'dead');
    const detail = async (id: string) => {
      const { status, body } = await call(`POST /v1/deliveries/${id}/redeliver`, {});
      return `${status} ${body.detail}`;
    };
    expect(await detail(delivered)).toBe('409 The delivery is delivered: only one that is dead or parked is sent again');
    await call(`DELETE ${path}`);
    expect(await detail(dead)).toBe('409 The subscription was deleted');
    expect(await messagesIn('replayDeliveries')).toEqual([]);
  });
});

it('says in the log what came of each call, and nothing of what was in it', async () => {
  const { path } = await stored();
  lines.splice(0);
  await call(`PATCH ${path}`, { name: 'Loud name', url: 'https://hooks.example.com/loud-path' });
  await call(`DELETE ${path}`);
  expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['found', 'done']);
  for (const secret of ['Loud name', 'loud-path', token]) expect(lines.join()).not.toContain(secret);
});
