import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { eventually, hookBody, logEvent, postHook, subscribe } from '../test/support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess } from '../test/support/relay-process.ts';
import { failing, openReceiver, slow, well, type Answering, type Receiver } from './isolation-receivers.ts';

export interface PhaseLoad {
  /** Changes in a second, each to every subscriber. */
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Phase {
  /** From the beginning of the hook request to the whole webhook, in milliseconds: one for each change and good subscriber. */
  readonly latenciesMs: readonly number[];
  /** Requests that the two bad ones got; 0 where there were none. */
  readonly failed: number;
  readonly slow: number;
}

const goodSubscribers = 8;
/** Longer than the 15 s for which local mode holds its pollers back after a start; also for the compiler. */
const warmUpSeconds = 20;
/** More than come up twice within a minute, so that nobody's lane is long. */
const users = 3_000;
const deadlineMs = 60_000;

/**
 * One phase, on a relay of its own with no past: a steady stream of changes of many users to eight good subscribers, measured once everything is
 * warm. `withBad`: two more join when the measuring begins, so that it holds what comes before the circuit of the failing one opens.
 * @throws Error when a change did not reach each of the eight
 */
export async function runPhase({ perSecond, seconds }: PhaseLoad, withBad: boolean): Promise<Phase> {
  await using closing = new AsyncDisposableStack();
  const scratch = closing.adopt(scratchFolder(), (folder) => folder.remove());
  const relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
  closing.defer(async () => void (await relay.stop()));
  const sentAtMs = new Map<string, number>();
  const latenciesMs: number[] = [];
  const arrived = (id: string): void => {
    const at = sentAtMs.get(id);
    if (at !== undefined) latenciesMs.push(performance.now() - at);
  };
  const enrol = async (name: string, answering: Answering, onArrival: (id: string) => void): Promise<Receiver> => {
    const receiver = closing.adopt(await openReceiver(answering, onArrival), (of) => of.close());
    await subscribe(relay.url, { name, url: receiver.url, types: ['*'] });
    return receiver;
  };
  for (let index = 0; index < goodSubscribers; index += 1) await enrol(`good ${index}`, well, arrived);
  await stream(relay.url, { perSecond, seconds: warmUpSeconds }, () => undefined);
  const ignore = (): void => undefined;
  const bad = withBad ? [await enrol('failing', failing, ignore), await enrol('slow', slow, ignore)] : [];
  await stream(relay.url, { perSecond, seconds }, (id) => sentAtMs.set(id, performance.now()));
  await eventually(
    () => latenciesMs.length,
    (count) => count >= sentAtMs.size * goodSubscribers,
    { what: `each of ${sentAtMs.size} changes at ${goodSubscribers} subscribers`, deadlineMs },
  );
  return { latenciesMs, failed: bad[0]?.requests() ?? 0, slow: bad[1]?.requests() ?? 0 };
}

let nextUser = 0;

/** Sends at fixed times, whatever became of those before: a relay that is held up is not asked less for it. */
async function stream(url: string, { perSecond, seconds }: PhaseLoad, onSend: (id: string) => void): Promise<void> {
  const startedAtMs = performance.now();
  const answers: Promise<void>[] = [];
  for (let sent = 0; sent < perSecond * seconds; sent += 1) {
    const waitMs = startedAtMs + (sent * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const uuid = randomUUID();
    nextUser = (nextUser + 1) % users;
    const event = logEvent({ uuid, userId: `00u${nextUser}`, eventType: 'user.lifecycle.activate' });
    onSend(uuid);
    answers.push(answered(postHook(url, hookBody([event]))));
  }
  await Promise.all(answers);
}

async function answered(sending: Promise<Response>): Promise<void> {
  const { status } = await sending;
  if (status !== 200) throw new Error(`a hook request was answered ${status}`);
}
