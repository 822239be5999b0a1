import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, deliveries, eventually, logEvent, sendHook, subscribe, type EventParts } from '../support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

/**
 * From the opening of the circuit: a minute to the first probe, one more that `sweep` may be late for it, and a machine that is busy. Each minute brings
 * another for a removal.
 */
const firstProbeWithinMs = 170_000;
/** Failures that have gone on for ten seconds open it, the retry after five among them. */
const openWithinMs = 120_000;
/** From the first removal to the last: a machine so busy that the heads fail for ten seconds meanwhile opens the circuit once more. */
const othersWithinMs = 180_000;

const scratch = scratchFolder();
const receiver = new WebhookReceiver();
/** Changes that the endpoint will not take. There are no others but the removals, so that it counts as down. */
const poison = new Set<string>();
let relay: RelayProcess;
let subscription: string;
beforeAll(async () => {
  receiver.answering = ({ id }) => (poison.has(id) ? 500 : 204);
  relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
  const { id, secret } = await subscribe(relay.url, { name: 'everything', url: await receiver.listen(), types: ['*'] });
  subscription = id;
  receiver.trust(secret);
});
afterAll(async () => {
  await relay.stop();
  await receiver.close();
  scratch.remove();
});

async function tell(event: EventParts, uuid: string = randomUUID()): Promise<string> {
  await sendHook(relay.url, [logEvent({ ...event, uuid })]);
  return uuid;
}
async function tellPoison(userId: string): Promise<string> {
  const uuid = randomUUID();
  poison.add(uuid);
  return tell({ userId, eventType: 'user.lifecycle.activate' }, uuid);
}
const attemptsOf = async (change: string) => (await deliveries(relay.url, { change }))[0]?.attempts ?? [];

/** Tells more and more that is not taken, until the circuit is open; answers since when. */
async function failUntilOpen(): Promise<Date> {
  let told = 0;
  const circuit = await eventually(
    async () => {
      await tellPoison(`bystander-${(told += 1)}`);
      return (await admin<{ circuit: { state: string; since?: string } }>(relay.url, `/v1/subscriptions/${subscription}`)).body.circuit;
    },
    ({ state }) => state === 'open',
    { what: 'the opening of the circuit', deadlineMs: openWithinMs, everyMs: 2_500 },
  );
  return new Date(circuit.since ?? NaN);
}

describe('removals behind the heads that had the circuit opened, at an endpoint that takes nothing else', () => {
  it('arrive with the first probes', async () => {
    const people = ['leaver-1', 'leaver-2', 'leaver-3'];
    const heads = await Promise.all(people.map(tellPoison));
    await eventually(
      () => Promise.all(heads.map(attemptsOf)),
      (all) => all.every(({ length }) => length > 0),
      { what: 'the first failure of each head' },
    );
    const openSince = await failUntilOpen();
    const removals = await Promise.all(people.map((userId) => tell({ userId, eventType: 'user.lifecycle.deactivate' })));
    const arrived = () => receiver.accepted().filter(({ id }) => removals.includes(id));
    const [first] = await eventually(arrived, (got) => got.length > 0, { what: 'a removal', deadlineMs: firstProbeWithinMs });
    expect((first?.at.getTime() ?? Infinity) - openSince.getTime(), 'from the opening to the first removal').toBeLessThan(
      firstProbeWithinMs,
    );
    await eventually(arrived, (got) => got.length === removals.length, { what: 'every removal', deadlineMs: othersWithinMs });
    const attempts = await Promise.all(heads.map(attemptsOf));
    expect(
      attempts.flat().some(({ probe }) => probe === true),
      'a head was the probe, and failed in it',
    ).toBe(true);
  }, 550_000);
});
