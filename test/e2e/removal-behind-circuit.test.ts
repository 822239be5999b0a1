import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveries, eventually, hookBody, logEvent, postHook, subscribe, type EventParts } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

/** A minute from the opening to the first probe, a few seconds of `sweep` and of the queue, and a machine that is busy. */
const firstProbeWithinMs = 120_000;

const scratch = scratchFolder();
const receiver = new WebhookReceiver();
/** Changes that the endpoint will not take. There are no others but the removals, so that it counts as down. */
const poison = new Set<string>();
let relay: RelayProcess;
beforeAll(async () => {
  receiver.answering = ({ id }) => (poison.has(id) ? 500 : 204);
  relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
  const { secret } = await subscribe(relay.url, { name: 'everything', url: await receiver.listen(), types: ['*'] });
  receiver.trust(secret);
});
afterAll(async () => {
  await relay.stop();
  await receiver.close();
  scratch.remove();
});

async function tell(event: EventParts, uuid: string = randomUUID()): Promise<string> {
  expect((await postHook(relay.url, hookBody([logEvent({ ...event, uuid })]))).status).toBe(200);
  return uuid;
}
async function tellPoison(userId: string): Promise<string> {
  const uuid = randomUUID();
  poison.add(uuid);
  return tell({ userId, eventType: 'user.lifecycle.activate' }, uuid);
}
const attemptsOf = async (change: string) => (await deliveries(relay.url, { change }))[0]?.attempts.length ?? 0;

describe('removals behind the heads that had the circuit opened, at an endpoint that takes nothing else', () => {
  it('arrive with the first probe', async () => {
    const people = ['leaver-1', 'leaver-2', 'leaver-3'];
    const heads = await Promise.all(people.map(tellPoison));
    await eventually(
      () => Promise.all(heads.map(attemptsOf)),
      (counts) => counts.every((count) => count >= 2),
      { what: 'the second failure of each head', deadlineMs: 40_000 },
    );
    // Failures that have gone on for more than ten seconds open it.
    for (let number = 0; number < 4; number += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await tellPoison(`bystander-${number}`);
    }
    const removals = await Promise.all(people.map((userId) => tell({ userId, eventType: 'user.lifecycle.deactivate' })));
    const arrived = await eventually(
      () => Promise.resolve(removals.filter((id) => receiver.accepted().some((accepted) => accepted.id === id)).length),
      (count) => count === removals.length,
      { what: 'the removals', deadlineMs: firstProbeWithinMs },
    );
    expect(arrived).toBe(3);
    const probes = await Promise.all(heads.map(async (change) => (await deliveries(relay.url, { change }))[0]?.attempts ?? []));
    expect(
      probes.flat().some(({ probe }) => probe === true),
      'the circuit had opened',
    ).toBe(true);
  }, 220_000);
});
