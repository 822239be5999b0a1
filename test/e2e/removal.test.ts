import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, deliveries, eventually, logEvent, sendHook, subscribe, type EventParts } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

/** Of the promise: a removal never waits longer behind a head that fails for ever. */
const removalWithinMs = 60_000;

const scratch = scratchFolder();
const receiver = new WebhookReceiver();
/** Changes that the endpoint will not take, whatever else it takes. */
const poison = new Set<string>();
let relay: RelayProcess;
let isOver = false;
let others: Promise<void>;
beforeAll(async () => {
  receiver.answering = ({ id }) => (poison.has(id) ? 500 : 204);
  relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
  const { secret } = await subscribe(relay.url, { name: 'everything', url: await receiver.listen(), types: ['*'] });
  receiver.trust(secret);
  others = tellOfOthers();
});
afterAll(async () => {
  isOver = true;
  await others;
  await relay.stop();
  await receiver.close();
  scratch.remove();
});

async function tell(event: EventParts): Promise<string> {
  const uuid = randomUUID();
  await sendHook(relay.url, [logEvent({ ...event, uuid })]);
  return uuid;
}
/** Changes of other people, which the endpoint takes all the while: else it would count as down. For that see removal-behind-circuit.test.ts. */
async function tellOfOthers(): Promise<void> {
  for (let turn = 0; !isOver; turn += 1) {
    await tell({ userId: `other-${turn}` });
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
const deliveryOf = async (change: string) => (await deliveries(relay.url, { change }))[0];
const attempts = (change: string, count: number) =>
  eventually(
    () => deliveryOf(change),
    (found) => (found?.attempts.length ?? 0) >= count,
    { what: `attempt ${count} of ${change}` },
  );

/** Tells a head that fails for ever, and the removal behind it once the head had `failures`; answers both when the removal is through. */
async function overtaken(head: EventParts, removal: EventParts, failures: number): Promise<{ head: string; removal: string }> {
  const headId = randomUUID();
  poison.add(headId);
  await sendHook(relay.url, [logEvent({ ...head, uuid: headId })]);
  await attempts(headId, failures);
  const removalId = await tell(removal);
  const toldAtMs = Date.now();
  const accepted = await eventually(
    () => receiver.accepted().find(({ id }) => id === removalId),
    (found) => found !== undefined,
    { what: 'the removal', deadlineMs: removalWithinMs },
  );
  const tookMs = (accepted?.at.getTime() ?? Infinity) - toldAtMs;
  expect(tookMs, 'from the hook request to the 2xx of the removal').toBeLessThan(removalWithinMs);
  console.log(`a removal behind a head with ${failures} failures arrived after ${tookMs} ms`);
  return { head: headId, removal: removalId };
}

/** Asks for the dead head once more, now that the endpoint would take it, and answers what became of that. */
async function redelivered(change: string): Promise<string> {
  const dead = await eventually(
    () => deliveryOf(change),
    (found) => found?.status === 'dead',
    { what: 'the end of the head' },
  );
  expect(dead).toMatchObject({ status: 'dead', reason: 'yielded' });
  poison.delete(change);
  const { status, body } = await admin<{ id: string }>(relay.url, `/v1/deliveries/${dead?.id ?? ''}/redeliver`, { method: 'POST' });
  expect(status).toBe(202);
  const again = await eventually(
    async () => (await deliveries(relay.url, { change })).find(({ id }) => id === body.id)?.status ?? 'none yet',
    (found) => !['none yet', 'pending', 'parked'].includes(found),
    { what: 'the end of the redelivery' },
  );
  return again;
}

describe.concurrent('a removal behind a head that fails for ever', () => {
  it('arrives within a minute; the head is dead as yielded and stays superseded when it is sent again', async () => {
    const userId = 'leaver-1';
    const { head } = await overtaken(
      { userId, eventType: 'user.lifecycle.activate' },
      { userId, eventType: 'user.lifecycle.deactivate' },
      1,
    );
    expect(await redelivered(head)).toBe('superseded');
    const accepted = receiver.accepted().filter(({ change }) => change.data.user?.id === userId);
    expect(accepted.map(({ change }) => change.type)).toEqual(['identity.user.deactivated']);
    expect(accepted.every(({ verified }) => verified)).toBe(true);
  });

  it('arrives within a minute when the lane is parked already; a head of another state is delivered when it is sent again', async () => {
    const userId = 'leaver-2';
    const groupId = '00g1test000000000000';
    const member = { userId, groupId, eventType: 'group.user_membership.add' };
    const { head } = await overtaken(member, { userId, eventType: 'user.lifecycle.suspend' }, 2);
    expect(await redelivered(head)).toBe('delivered');
    const types = receiver.accepted().filter(({ change }) => change.data.user?.id === userId);
    expect(types.map(({ change }) => change.type)).toEqual(['identity.user.suspended', 'identity.group.member_added']);
  });

  it('passes no other head than that of its own person', async () => {
    const bystander = randomUUID();
    poison.add(bystander);
    const event = logEvent({ uuid: bystander, userId: 'stayer-1', eventType: 'user.lifecycle.activate' });
    await sendHook(relay.url, [event]);
    await attempts(bystander, 1);
    await overtaken(
      { userId: 'leaver-3', eventType: 'user.lifecycle.activate' },
      { userId: 'leaver-3', eventType: 'user.lifecycle.delete.initiated' },
      1,
    );
    expect((await deliveryOf(bystander))?.status).not.toBe('dead');
  });
});
