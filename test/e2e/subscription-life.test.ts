import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, eventually, logEvent, sendHook, subscribe } from '../support/relay-client.ts';
import { adminToken, freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  readonly change: string;
  readonly replay?: string;
  readonly recovery?: { readonly status: string; readonly redelivered: number };
}

const scratch = scratchFolder();
const receivers: WebhookReceiver[] = [];
let relay: RelayProcess;
beforeAll(async () => {
  relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
});
afterAll(async () => {
  await relay.stop();
  for (const receiver of receivers) await receiver.close();
  scratch.remove();
});

async function startReceiver(): Promise<{ receiver: WebhookReceiver; url: string }> {
  const receiver = new WebhookReceiver();
  receivers.push(receiver);
  return { receiver, url: await receiver.listen() };
}

/** A subscription to what happens to its own invented people, and its endpoint. */
async function subscriber(name: string, more: Record<string, unknown> = {}) {
  const { receiver, url } = await startReceiver();
  const filter = `user.userName sw "${name}."`;
  const { id, secret } = await subscribe(relay.url, { name, url, types: ['identity.user.*'], filter, ...more });
  receiver.trust(secret);
  const path = `/v1/subscriptions/${id}`;
  return {
    receiver,
    secret,
    path,
    call: (method: string, target: string, body: unknown = {}) =>
      admin<Shown>(relay.url, target, { method, ...(method === 'GET' ? {} : { body: JSON.stringify(body) }) }),
    /** One change of a person; answers its id. */
    async tell(person: string, eventType = 'user.lifecycle.activate'): Promise<string> {
      const uuid = randomUUID();
      const event = logEvent({ uuid, eventType, userId: `${name}-${person}`, userName: `${name}.${person}@example.com` });
      await sendHook(relay.url, [event]);
      return uuid;
    },
    deliveries: async (query: string) =>
      (await admin<{ data: readonly Shown[] }>(relay.url, `/v1/deliveries?subscription=${id}&${query}`)).body.data,
    ids: () => receiver.firstArrivals().map((one) => one.id),
  };
}
type Subscriber = Awaited<ReturnType<typeof subscriber>>;

const arrived = (one: Subscriber, count: number) =>
  eventually(one.ids, (ids) => ids.length >= count, { what: `the arrival of ${count} at ${one.path}` });
const listed = (one: Subscriber, status: string, count: number) =>
  eventually(() => one.deliveries(`status=${status}`), (data) => data.length === count, { what: `${count} ${status} of ${one.path}` }); // prettier-ignore

// Each about people of its own, so that the relay's seconds pass for all of them at once.
describe.concurrent('a subscription', () => {
  it('is made with limits, waits and a word about stale changes, and sent to where a patch says', async () => {
    const asked = { limits: { deliveriesPerSecond: 200, concurrency: 4 }, retry: { schedule: [1, 2] }, stale: 'late' };
    const one = await subscriber('patched', asked);
    const elsewhere = await startReceiver();
    elsewhere.receiver.trust(one.secret);
    const { status, body } = await one.call('PATCH', one.path, { url: elsewhere.url, limits: { deliveriesPerSecond: null } });
    expect({ status, body }).toMatchObject({ status: 200, body: { ...asked, url: elsewhere.url, limits: { concurrency: 4 } } });
    const change = await one.tell('ana');
    await eventually(() => elsewhere.receiver.received, (received) => received.length > 0, { what: 'the arrival elsewhere' }); // prettier-ignore
    expect(elsewhere.receiver.received).toMatchObject([{ id: change, verified: true }]);
    expect(one.receiver.received).toEqual([]);
  });

  it('is sent nothing while it is paused, and all of it in order when it is resumed', async () => {
    const one = await subscriber('paused');
    expect(await one.call('POST', `${one.path}/pause`)).toMatchObject({ status: 200, body: { status: 'paused' } });
    const changes = [await one.tell('ana'), await one.tell('ana', 'user.lifecycle.deactivate'), await one.tell('ana')];
    await eventually(() => one.deliveries('status=parked'), (data) => data.length > 0, { what: 'something parked' }); // prettier-ignore
    expect(one.receiver.received).toEqual([]);
    expect(await one.call('POST', `${one.path}/resume`)).toMatchObject({ status: 200, body: { status: 'active' } });
    await arrived(one, 3);
    expect(one.receiver.received.map(({ id }) => id)).toEqual(changes);
    await listed(one, 'delivered', 3);
  });

  it.each([
    ['one delivery', 'redelivered'],
    ['the subscription', 'retried'],
  ])('is tried again at once where a person asks for it of %s, though its next attempt is hours away', async (_, name) => {
    const one = await subscriber(name, { retry: { schedule: [7_200, 7_200] } });
    one.receiver.status = 503;
    const changes = [await one.tell('ana'), await one.tell('ana', 'user.lifecycle.deactivate')];
    const waiting = await listed(one, 'parked', 2);
    await eventually(() => one.receiver.received, (received) => received.length === 2, { what: 'an attempt of each' }); // prettier-ignore
    one.receiver.status = 204;
    const behind = waiting.find(({ change }) => change === changes[1]);
    const path = name === 'retried' ? `${one.path}/resume` : `/v1/deliveries/${behind?.id}/redeliver`;
    expect(await one.call('POST', path)).toMatchObject(
      name === 'retried' ? { status: 200, body: { status: 'active' } } : { status: 202, body: { id: behind?.id } },
    );
    await listed(one, 'delivered', 2);
    expect(one.receiver.received.slice(2).map(({ id }) => id)).toEqual(changes);
    expect((await one.call('POST', `/v1/deliveries/${behind?.id}/redeliver`)).status).toBe(409);
  });

  it('is disabled by a 410; resumed, it gets what was dead, one by one and all since a time', async () => {
    const one = await subscriber('gone');
    const since = new Date(Date.now() - 60_000).toISOString();
    one.receiver.status = 410;
    const first = await one.tell('ana');
    const [dead] = await listed(one, 'dead', 1);
    expect(dead).toMatchObject({ change: first, reason: 'gone' });
    const shown = await one.call('GET', one.path);
    expect(shown.body).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    expect((await one.call('POST', `/v1/deliveries/${dead?.id}/redeliver`)).status).toBe(409);

    one.receiver.status = 204;
    expect(await one.call('POST', `${one.path}/resume`)).toMatchObject({ status: 200, body: { status: 'active' } });
    const again = await one.call('POST', `/v1/deliveries/${dead?.id}/redeliver`);
    expect(again.status).toBe(202);
    await eventually(
      () => one.call('GET', `/v1/deliveries/${again.body.id}`),
      ({ body }) => body.status === 'delivered',
      { what: 'the end of the redelivery' },
    );
    expect((await one.call('POST', `/v1/deliveries/${dead?.id}/redeliver`)).status).toBe(409);

    one.receiver.status = 410;
    const second = await one.tell('ben');
    await listed(one, 'dead', 2);
    one.receiver.status = 204;
    expect((await one.call('POST', `${one.path}/resume`)).status).toBe(200);
    // What was redelivered has come to its end, and is not sent once more.
    expect((await one.call('POST', `${one.path}/recover`, { since })).status).toBe(202);
    const recovered = await eventually(
      () => one.call('GET', one.path),
      ({ body }) => body.recovery?.status === 'done',
      { what: 'the end of the recovery' },
    );
    expect(recovered.body.recovery).toMatchObject({ redelivered: 1 });
    const replayed = () => one.receiver.received.filter(({ headers }) => headers['relay-replay'] !== undefined);
    await eventually(replayed, (received) => received.length === 2, { what: 'both arrivals of what was dead' });
    expect(replayed().map(({ id }) => id)).toEqual([first, second]);
    expect(new Set(one.ids())).toEqual(new Set([first, second]));
    expect(one.receiver.received.every(({ verified }) => verified)).toBe(true);
  });

  it('is sent no more once it is deleted, and what was owed to it is cancelled', async () => {
    const one = await subscriber('deleted');
    await one.call('POST', `${one.path}/pause`);
    const change = await one.tell('ana');
    await listed(one, 'parked', 1);
    const remove = () => fetch(relay.url + one.path, { method: 'DELETE', headers: { authorization: `Bearer ${adminToken}` } });
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 204]);
    expect((await one.call('GET', one.path)).status).toBe(404);
    const [cancelled] = await listed(one, 'cancelled', 1);
    expect(cancelled).toMatchObject({ change, reason: 'subscription-deleted' });
    expect(one.receiver.received).toEqual([]);
  });

  it('gets a test event that verifies, and that nobody else gets', async () => {
    const [one, watcher] = [await subscriber('tested'), await startReceiver()];
    await subscribe(relay.url, { name: 'watcher', url: watcher.url, types: ['relay.*'] });
    const { status, body } = await one.call('POST', `${one.path}/test`);
    expect(status).toBe(202);
    await arrived(one, 1);
    const id = one.path.split('/').at(-1);
    expect(one.receiver.received).toMatchObject([
      {
        id: body.change,
        verified: true,
        change: { type: 'relay.subscription.test', data: { org: 'relay', subscription: { id, name: 'tested' } } },
      },
    ]);
    expect(one.receiver.received[0]?.change.data).not.toHaveProperty('user');
    await listed(one, 'delivered', 1);
    expect((await one.call('GET', `/v1/deliveries/${body.id}`)).body).toMatchObject({ status: 'delivered', change: body.change });
    const tests = watcher.receiver.received.filter(({ change }) => change.type === 'relay.subscription.test');
    expect(tests).toEqual([]);
  });
});
