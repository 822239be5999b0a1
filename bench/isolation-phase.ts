import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { eventually, hookBody, logEvent, postHook, subscribe } from '../test/support/relay-client.ts';
import { freePort, scratchFolder, startRelayProcess } from '../test/support/relay-process.ts';
import { Arrivals } from './isolation-arrivals.ts';
import { changesOf, type PhaseLoad, type TimedChange } from './isolation-load.ts';
import { failing, openReceiver, slow, well, type Answering, type Receiver } from './isolation-receivers.ts';

export interface Phase {
  /** From the beginning of the hook request to the whole webhook, of the good eight. */
  readonly arrivals: Arrivals;
  /** Requests that the two bad ones got; 0 where there were none. */
  readonly failed: number;
  readonly slow: number;
}

const goodSubscribers = 8;
/** Longer than the 15 s for which local mode holds its pollers back after a start; also for the compiler. */
const warmUpSeconds = 20;
/** More than come up again within a minute: a lane holds a person's two changes, and no more. */
const people = 3_000;
const deadlineMs = 60_000;

/**
 * One phase, on a relay of its own with no past: a steady stream of changes of many people, two of each, to eight good subscribers, measured once
 * everything is warm. `withBad`: two more join when the measuring begins, so that it holds what comes before the circuit of the failing one opens.
 * @throws Error when a change did not reach each of the eight
 */
export async function runPhase({ perSecond, seconds }: PhaseLoad, withBad: boolean): Promise<Phase> {
  await using closing = new AsyncDisposableStack();
  const scratch = closing.adopt(scratchFolder(), (folder) => folder.remove());
  const relay = await startRelayProcess({ dataDir: join(scratch.path, 'state'), port: await freePort() });
  closing.defer(async () => void (await relay.stop()));
  const arrivals = new Arrivals(goodSubscribers);
  const enrol = async (name: string, answering: Answering, onArrival: (id: string) => void): Promise<Receiver> => {
    const receiver = closing.adopt(await openReceiver(answering, onArrival), (of) => of.close());
    await subscribe(relay.url, { name, url: receiver.url, types: ['*'] });
    return receiver;
  };
  for (let index = 0; index < goodSubscribers; index += 1)
    await enrol(`good ${index}`, well, (id) => {
      arrivals.came(index, id, performance.now());
    });
  await stream(relay.url, { perSecond, seconds: warmUpSeconds }, () => undefined);
  const ignore = (): void => undefined;
  const bad = withBad ? [await enrol('failing', failing, ignore), await enrol('slow', slow, ignore)] : [];
  await stream(relay.url, { perSecond, seconds }, (id, isNext) => {
    arrivals.sent(id, { atMs: performance.now(), isNext });
  });
  await eventually(
    () => arrivals.missing,
    (missing) => missing === 0,
    { what: `each of ${perSecond * seconds} changes at each of ${goodSubscribers} subscribers`, deadlineMs },
  );
  return { arrivals, failed: bad[0]?.requests() ?? 0, slow: bad[1]?.requests() ?? 0 };
}

let peopleBefore = 0;

/**
 * Sends at fixed times, whatever became of those before: a relay that is held up is not asked less for it. But a person's next change is not sent
 * before the first is taken: one that overtook it at the door would leave it superseded, and nobody would get it.
 */
async function stream(url: string, load: PhaseLoad, onSend: (id: string, isNext: boolean) => void): Promise<void> {
  const startedAtMs = performance.now();
  const answers: Promise<void>[] = [];
  const changes = changesOf(load);
  const send = async ({ person, isNext }: TimedChange, before: Promise<void> | undefined): Promise<void> => {
    if (isNext) await before;
    const uuid = randomUUID();
    const event = logEvent({ uuid, userId: `00u${(peopleBefore + person) % people}`, eventType: 'user.lifecycle.activate' });
    onSend(uuid, isNext);
    const { status } = await postHook(url, hookBody([event]));
    if (status !== 200) throw new Error(`a hook request was answered ${status}`);
  };
  for (const change of changes) {
    const waitMs = startedAtMs + change.atMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    answers.push(send(change, answers.at(-1)));
  }
  await Promise.all(answers);
  peopleBefore += changes.length;
}
