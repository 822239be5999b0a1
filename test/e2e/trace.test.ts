import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, logEvent, sendHook, subscribe } from '../support/relay-client.ts';
import { logLinesIn } from '../support/relay-log.ts';
import { freePort, scratchFolder, startRelayProcess, type RelayProcess } from '../support/relay-process.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const scratch = scratchFolder();
const dataDir = join(scratch.path, 'state');
const receiver = new WebhookReceiver();
let relay: RelayProcess;

beforeAll(async () => {
  relay = await startRelayProcess({ dataDir, port: await freePort() });
  const { secret } = await subscribe(relay.url, { name: 'everything', url: await receiver.listen(), types: ['*'] });
  receiver.trust(secret);
});
afterAll(async () => {
  await relay.stop();
  await receiver.close();
  scratch.remove();
});

const way = ['deliver', 'fan-out', 'receive-hook'];

interface Line {
  readonly function?: string;
  readonly traceparent?: string;
  readonly traces?: readonly string[];
}

/**
 * Names of the functions whose log lines name the trace, sorted: a line is written at a run's end, when the next function may be at work already.
 * Each once: a function that was late may be asked again.
 */
function functionsThatName(traceId: string): string[] {
  const names = (logLinesIn(dataDir) as Line[]).flatMap((line) => {
    const named = line.traceparent?.split('-')[1] === traceId || line.traces?.includes(traceId) === true;
    return named && line.function !== undefined ? [line.function] : [];
  });
  return [...new Set(names)].toSorted();
}

/** Sends one event and answers the trace context that its webhook came with. */
async function traceOf(headers: Record<string, string>): Promise<string> {
  const uuid = randomUUID();
  await sendHook(relay.url, [logEvent({ uuid, userId: `00u${uuid.slice(0, 17)}` })], { headers });
  const [webhook] = await eventually(
    () => receiver.received.filter(({ id }) => id === uuid),
    (list) => list.length > 0,
    { what: `the webhook of ${uuid}` },
  );
  return webhook?.headers['traceparent'] ?? '';
}

/** The lines of fan-out and deliver may be written after the subscriber has its webhook. */
const wayOf = (traceId: string): Promise<string[]> =>
  eventually(
    () => functionsThatName(traceId),
    (names) => way.every((name) => names.includes(name)),
    { what: `a line of each function with ${traceId}` },
  );

describe('the trace of a change', () => {
  it('that the hook request brings is in the line of each function on the way and in the webhook', async () => {
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    expect(await traceOf({ traceparent })).toBe(traceparent);
    expect(await wayOf(traceId)).toEqual(way);
  });

  it('begins in receive-hook when Okta brings none, one for each request', async () => {
    const ids = [await traceOf({}), await traceOf({})].map(
      (traceparent) => /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(traceparent)?.[1] ?? '',
    );
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(await wayOf(id)).toEqual(way);
  });
});
