import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { hookBody, logEvent, postHook } from '../support/relay-client.ts';

/** A change that was answered 200. */
export interface AcceptedChange {
  readonly id: string;
  readonly userId: string;
  /** The piece of state it sets (docs/architecture.md); undefined for a fact. */
  readonly stateKey: string | undefined;
  /** Of the request that brought it: the relay's log line has the same. */
  readonly traceparent: string;
}

interface Kind {
  readonly eventType: string;
  readonly groupId?: string;
  stateKey(userId: string): string | undefined;
}

/** States that two event types move to and fro, a state of a second kind, and a fact. */
const kinds: readonly Kind[] = [
  { eventType: 'user.lifecycle.activate', stateKey: (user) => `users/${user}/status` },
  { eventType: 'user.lifecycle.deactivate', stateKey: (user) => `users/${user}/status` },
  { eventType: 'group.user_membership.add', groupId: '00g1eng', stateKey: (user) => `users/${user}/groups/00g1eng` },
  { eventType: 'group.user_membership.remove', groupId: '00g1eng', stateKey: (user) => `users/${user}/groups/00g1eng` },
  { eventType: 'user.account.update_profile', stateKey: () => undefined },
];

export interface StreamOptions {
  readonly url: string;
  readonly random: () => number;
  /** Each sends the requests of its own users, one after the other. */
  readonly senders: number;
  readonly usersPerSender: number;
  /** In one request, the sender's users in turn. */
  readonly eventsPerRequest: number;
  /** Between the answer to one request and the next. */
  readonly pauseMs: number;
}

export interface Answer {
  /** 0: the connection broke. */
  readonly status: number;
  readonly tookMs: number;
}

/**
 * Hook requests as Okta sends them, but again and again until they are answered 200, so that the sender's own truth is known.
 * A user's events follow one another: each is sent when the last one was answered, with a later time.
 */
export class HookStream {
  /** In the order of the answers; of one user, in the order of Okta's time. */
  readonly accepted: AcceptedChange[] = [];
  readonly answers: Answer[] = [];
  /** Requests that were sent and are not answered yet. */
  unanswered = 0;
  readonly #options: StreamOptions;
  readonly #lastMs = new Map<string, number>();

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Sends until `enough` is true or, without it, until it is stopped; `stop` waits until every request begun was answered 200. */
  start(enough: () => boolean = () => false): { stop(): Promise<void>; readonly ended: Promise<void> } {
    const state = { stopped: false };
    const ended = Promise.all(
      Array.from({ length: this.#options.senders }, (_, sender) => this.#send(sender, () => state.stopped || enough())),
    ).then(() => undefined);
    return {
      ended,
      async stop() {
        state.stopped = true;
        await ended;
      },
    };
  }

  /** Sends until `count` more changes are answered 200; ends after the pause that follows the last one. */
  sendMore(count: number): Promise<void> {
    const goal = this.accepted.length + count;
    return this.start(() => this.accepted.length >= goal).ended;
  }

  slowestMs(): number {
    return Math.max(0, ...this.answers.map(({ tookMs }) => tookMs));
  }

  /** `200: 812, 503: 2` */
  statuses(): string {
    return [...Map.groupBy(this.answers, ({ status }) => status)].map(([status, list]) => `${status}: ${list.length}`).join(', ');
  }

  /** The last change of each piece of state. */
  finalState(): Map<string, string> {
    return new Map(this.accepted.flatMap(({ id, stateKey }) => (stateKey === undefined ? [] : [[stateKey, id]])));
  }

  async #send(sender: number, stopped: () => boolean): Promise<void> {
    const { usersPerSender, eventsPerRequest, random, pauseMs } = this.#options;
    for (let turn = 0; !stopped(); turn += 1) {
      const made = Array.from({ length: eventsPerRequest }, (_, index) => {
        const userId = `00u${sender}x${(turn * eventsPerRequest + index) % usersPerSender}`;
        return change(userId, { kind: kinds[Math.floor(random() * kinds.length)]!, published: this.#later(userId) });
      });
      const body = hookBody(made.map(({ event }) => event));
      const traceparent = newTraceparent();
      while ((await this.#post(body, { traceparent })) !== 200) await delay(200);
      this.accepted.push(...made.map(({ accepted }) => ({ ...accepted, traceparent })));
      await delay(pauseMs);
    }
  }

  /** Later than all of that user's before, and not in the future. */
  #later(userId: string): string {
    const ms = Math.max((this.#lastMs.get(userId) ?? 0) + 1, Date.now() - this.#options.eventsPerRequest);
    this.#lastMs.set(userId, ms);
    return new Date(ms).toISOString();
  }

  async #post(body: unknown, headers: Record<string, string>): Promise<number> {
    const startedAtMs = performance.now();
    this.unanswered += 1;
    const status = await statusOf(this.#options.url, body, headers);
    this.unanswered -= 1;
    this.answers.push({ status, tookMs: performance.now() - startedAtMs });
    return status;
  }
}

async function statusOf(url: string, body: unknown, headers: Record<string, string>): Promise<number> {
  try {
    const response = await postHook(url, body, { headers });
    await response.arrayBuffer();
    return response.status;
  } catch {
    // The relay was killed under the request or is starting again: the sender tries again.
    return 0;
  }
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function newTraceparent(): string {
  const id = randomUUID().replaceAll('-', '');
  return `00-${id}-${id.slice(0, 16)}-01`;
}

function change(
  userId: string,
  { kind, published }: { kind: Kind; published: string },
): { event: unknown; accepted: Omit<AcceptedChange, 'traceparent'> } {
  const { eventType, groupId, stateKey } = kind;
  const uuid = randomUUID();
  const group = groupId === undefined ? {} : { groupId };
  const event = logEvent({ uuid, eventType, published, userId, userName: `${userId}@example.com`, ...group });
  return { event, accepted: { id: uuid, userId, stateKey: stateKey(userId) } };
}
