import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, eventually, logEvent, sendHook, subscribe, type EventParts } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

interface Listed {
  readonly data: readonly { readonly status: string; readonly attempts: readonly unknown[] }[];
}

const scratch = scratchFolder();
const state = join(scratch.path, 'state');
const receiver = new WebhookReceiver();
let relay: RelayProcess;
beforeAll(async () => {
  relay = await startRelayProcess({ dataDir: state, port: await freePort() });
  const { secret } = await subscribe(relay.url, { name: 'everything', url: await receiver.listen(), types: ['*'] });
  receiver.trust(secret);
});
afterAll(async () => {
  await relay.stop();
  await receiver.close();
  scratch.remove();
});

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const delivery = async (uuid: string) => (await admin<Listed>(relay.url, `/v1/deliveries?change=${uuid}`)).body.data[0];
/** Sends one hook request, waits until its one delivery is final, and answers that. */
async function tell(event: EventParts): Promise<Listed['data'][number] | undefined> {
  const uuid = randomUUID();
  await sendHook(relay.url, [logEvent({ ...event, uuid })]);
  return eventually(
    () => delivery(uuid),
    (found) => found !== undefined && found.status !== 'pending',
    { what: `the end of ${uuid}` },
  );
}
const toldOf = (userId: string): string[] =>
  receiver.received.filter(({ change }) => change.data.user?.id === userId).map(({ change }) => change.type);

describe('an older change that comes after a newer one', () => {
  it('is listed as superseded and never sent', async () => {
    const userId = 'stale-1';
    expect(await tell({ userId, eventType: 'user.lifecycle.deactivate', published: minutesAgo(1) })).toMatchObject({ status: 'delivered' });
    expect(await tell({ userId, eventType: 'user.lifecycle.activate', published: minutesAgo(5) })).toMatchObject({
      status: 'superseded',
      attempts: [],
    });
    const { body } = await admin<Listed>(relay.url, `/v1/deliveries?user=${userId}&status=superseded`);
    expect(body.data).toHaveLength(1);
    expect(await tell({ userId, eventType: 'user.lifecycle.activate', published: minutesAgo(0) })).toMatchObject({ status: 'delivered' });
    expect(toldOf(userId)).toEqual(['identity.user.deactivated', 'identity.user.activated']);
  });

  it('is not sent after a restart either', async () => {
    const userId = 'stale-2';
    await tell({ userId, eventType: 'user.lifecycle.deactivate', published: minutesAgo(1) });
    await relay.kill();
    relay = await startRelayProcess({ dataDir: state, port: await freePort() });
    expect(await tell({ userId, eventType: 'user.lifecycle.activate', published: minutesAgo(5) })).toMatchObject({ status: 'superseded' });
    expect(toldOf(userId)).toEqual(['identity.user.deactivated']);
  });

  it('does not bring a deleted user back into a group', async () => {
    const userId = 'stale-3';
    await tell({ userId, eventType: 'user.lifecycle.delete.initiated', published: minutesAgo(1) });
    const late = { userId, groupId: '00g1test000000000000', eventType: 'group.user_membership.add', published: minutesAgo(5) };
    expect(await tell(late)).toMatchObject({ status: 'superseded' });
    expect(toldOf(userId)).toEqual(['identity.user.deleted']);
  });

  it('is sent when it is a fact', async () => {
    const userId = 'stale-4';
    await tell({ userId, eventType: 'user.lifecycle.deactivate', published: minutesAgo(1) });
    expect(await tell({ userId, eventType: 'user.account.update_profile', published: minutesAgo(5) })).toMatchObject({
      status: 'delivered',
    });
    expect(toldOf(userId)).toEqual(['identity.user.deactivated', 'identity.user.updated']);
  });
});
