import { randomUUID } from 'node:crypto';
import { eventually, logEvent, sendHook } from '../support/relay-client.ts';
import type { TimedReceiver } from './replay-arrivals.ts';

/** Two event types that move one state of a user to and fro. */
export interface MovedState {
  readonly userId: string;
  readonly eventTypes: readonly [string, string];
  readonly groupId?: string;
}

export interface LiveChange {
  readonly id: string;
  readonly userId: string;
  readonly postedAtMs: number;
}

interface StreamOptions {
  readonly url: string;
  readonly receiver: TimedReceiver;
  readonly states: readonly MovedState[];
  /** At a time, each with states of its own. */
  readonly senders: number;
}

/**
 * Changes of state without a pause: each sender posts its next one as soon as the one before has arrived. So there is live traffic at
 * every moment, never a backlog of its own, and what a webhook waits is the relay's doing.
 */
export class LiveStream {
  readonly sent: LiveChange[] = [];
  readonly #options: StreamOptions;
  #stopped = false;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  start(): void {
    const { senders, states } = this.#options;
    const shares = Array.from({ length: senders }, (_, sender) => states.filter((_state, index) => index % senders === sender));
    this.#ended = Promise.all(shares.map((share) => this.#send(share)));
    // Seen where it is awaited, in `stop`.
    this.#ended.catch(() => undefined);
  }

  /** Once every state was moved at least `times` times and the webhooks have arrived. A sender may be far ahead of another one. */
  async moved(times: number): Promise<void> {
    const { states } = this.#options;
    const unmoved = (): number => {
      const moves = Map.groupBy(
        this.sent.filter((change) => Number.isFinite(this.latencyMs(change))),
        ({ userId }) => userId,
      );
      return states.filter(({ userId }) => (moves.get(userId)?.length ?? 0) < times).length;
    };
    const what = `${times} live changes of each state`;
    await Promise.race([this.#ended, eventually(unmoved, (left) => left === 0, { what, deadlineMs: 120_000, everyMs: 10 })]);
  }

  /** Once `count` changes, at least, that are posted from now on have arrived; how many that are. */
  async another(count: number): Promise<number> {
    const atMs = performance.now();
    const arrived = () => this.sent.filter((change) => change.postedAtMs > atMs && Number.isFinite(this.latencyMs(change))).length;
    const enough = eventually(arrived, (have) => have >= count, { what: `${count} more live changes`, deadlineMs: 60_000, everyMs: 10 });
    // A sender that failed tells why; one that ends before it is told to has failed.
    await Promise.race([enough, this.#ended]);
    return arrived();
  }

  /** Ends when all that was posted has arrived. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  latencyMs({ id, postedAtMs }: LiveChange): number {
    return (this.#options.receiver.received.liveAtMs.get(id) ?? Infinity) - postedAtMs;
  }

  async #send(states: readonly MovedState[]): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const state = states[turn % states.length];
      if (state === undefined) return;
      const { userId, eventTypes, ...group } = state;
      const eventType = eventTypes[Math.floor(turn / states.length) % 2] ?? eventTypes[0];
      const id = randomUUID();
      const postedAtMs = performance.now();
      await sendHook(this.#options.url, [logEvent({ uuid: id, userId, eventType, ...group })]);
      this.sent.push({ id, userId, postedAtMs });
      await eventually(
        () => this.#options.receiver.received.liveAtMs.has(id),
        (has) => has,
        { what: 'a live webhook', deadlineMs: 30_000, everyMs: 4 },
      );
    }
  }
}
