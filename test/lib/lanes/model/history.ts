import type { DeliveryMessage, DeliveryStatus } from '#lib/delivery/delivery.ts';
import type { SubscriptionId } from '#lib/subscriptions/subscription.ts';

/** A delivery that the queue took, with its place behind what came before it in its lane. */
export interface Accepted {
  readonly message: DeliveryMessage;
  readonly lane: string;
  readonly position: number;
  /** What it was asked for by: of a dead letter a redelivery and a recovery make one and the same delivery. `undefined`: by nobody. */
  readonly replays: Set<string | undefined>;
}

/** One request that went out. */
export interface Sent {
  readonly order: number;
  readonly atMs: number;
  readonly message: DeliveryMessage;
  readonly webhookId: string;
  readonly late: boolean;
  readonly claimedAtMs: number;
  /**
   * Its process was stopped for a while, and went on, since it had last looked at the lane; since it had claimed the delivery; since it had taken the
   * turn of its state.
   */
  readonly stoppedSince: { readonly look: boolean; readonly claim: boolean; readonly turn: boolean };
  /** The circuit was open in the store, for so long that everybody knew; which opening. */
  readonly opening: Opening | undefined;
  /** `killed`: its process is dead, and nobody knows. */
  end: 'under-way' | 'accepted' | 'refused' | 'failed' | 'gone' | 'unheard' | 'killed';
  endedAtMs: number;
  /** As far as the relay can know. */
  mayHaveArrived: boolean;
  /** The place in its lane, as `Accepted.position`, of the last removal that stood there then and was not settled; -1: none did. */
  readonly removalAt: number;
  /** See `History.isCalm`. */
  readonly isCalm: boolean;
  /** `History.interruptions` by then. */
  readonly interruptions: number;
  /** When the record said then that it is attempted next, and when it had been attempted last. */
  readonly nextAttemptMs: number | undefined;
  readonly lastAttemptMs: number;
}

/** A change that the guard has let begin. */
export interface Begun {
  readonly order: number;
  readonly subscription: SubscriptionId;
  readonly stateKey: string;
  readonly sequence: string;
  readonly lease: string;
  /** When the guard was told, before another began, that nothing came of it; Infinity: never. */
  undoneOrder: number;
}

export interface Opening {
  readonly subscription: SubscriptionId;
  readonly openedAtMs: number;
  closedAtMs: number | undefined;
  /** That were taken. */
  probes: number;
  readonly sent: Sent[];
  /** Each may bring a probe that was claimed once and is made twice. */
  interruptions: number;
}

/** What was written down of a delivery in the end. */
export interface Recorded {
  readonly order: number;
  readonly status: DeliveryStatus;
}

/** What was interrupted is over: the longest stop is of 70 minutes, and the longest that a token is waited for an hour. */
const calmAfterMs = 3 * 60 * 60_000;

/** All that happened, as somebody saw it who stands outside the relay. */
export class History {
  readonly accepted = new Map<string, Accepted>();
  readonly sent: Sent[] = [];
  readonly begun: Begun[] = [];
  /** By delivery: its first final status. */
  readonly recorded = new Map<string, Recorded>();
  readonly disabled = new Set<string>();
  readonly deleted = new Set<string>();
  /** Requests of a subscription that were under way at once, at most, while all was calm. */
  readonly busiest = new Map<string, number>();
  /** Bugs: what `deliver` and `sweep` reported and nobody had planned. */
  readonly unexpected: string[] = [];
  readonly openings: Opening[] = [];
  /** What was to be tried soon and was not, in words. */
  readonly forgotten: string[] = [];
  /** By subscription: when somebody last asked for what waits there, or some of it, to be tried at once. */
  readonly askedAtMs = new Map<string, number>();
  /** By subscription: what changed whether it is sent to. */
  readonly turns = new Map<string, number>();
  /** Crashes, stops, errors, and batches that came twice. */
  interruptions = 0;
  #interruptedAtMs = -Infinity;
  #order = 0;
  readonly #lines: string[] = [];
  readonly #laneLengths = new Map<string, number>();

  interrupt(atMs: number): void {
    this.interruptions += 1;
    this.#interruptedAtMs = atMs;
    for (const opening of this.openings) if (opening.closedAtMs === undefined) opening.interruptions += 1;
  }

  /** Nothing was interrupted since so long before that anything could be left of it. */
  isCalm(sinceMs: number): boolean {
    return this.#interruptedAtMs < sinceMs - calmAfterMs;
  }

  turn(subscription: string): void {
    this.turns.set(subscription, (this.turns.get(subscription) ?? 0) + 1);
  }

  nextOrder(): number {
    return (this.#order += 1);
  }

  tell(atMs: number, line: string): void {
    this.#lines.push(`${new Date(atMs).toISOString().slice(8, 23)} ${line}`);
  }

  accept(lane: string, message: DeliveryMessage): void {
    this.accepted.get(message.delivery)?.replays.add(message.replay?.id);
    if (this.accepted.has(message.delivery)) return;
    const position = this.#laneLengths.get(lane) ?? 0;
    this.#laneLengths.set(lane, position + 1);
    this.accepted.set(message.delivery, { message, lane, position, replays: new Set([message.replay?.id]) });
  }

  record(delivery: string, status: DeliveryStatus): void {
    if (status === 'pending' || status === 'parked' || this.recorded.has(delivery)) return;
    this.recorded.set(delivery, { order: this.nextOrder(), status });
  }

  begin({ subscription, stateKey, sequence, lease }: Omit<Begun, 'order' | 'undoneOrder'>): void {
    this.begun.push({ order: this.nextOrder(), subscription, stateKey, sequence, lease, undoneOrder: Infinity });
  }

  undo({ subscription, stateKey, lease }: Pick<Begun, 'subscription' | 'stateKey' | 'lease'>): void {
    const last = this.begun.findLast((one) => one.subscription === subscription && one.stateKey === stateKey);
    if (last?.lease === lease) last.undoneOrder = this.nextOrder();
  }

  sendsOf(delivery: string): Sent[] {
    return this.sent.filter(({ message }) => message.delivery === delivery);
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}

/** Short, for people: subscription, change, replay. */
export function nameOf({ subscription, change, replay }: DeliveryMessage): string {
  return `${subscription.slice(-1)}/${change.id}${replay === undefined ? '' : `@${replay.id.slice(-3)}${replay.full ? '-full' : ''}`}`;
}

/** Types that take access away, as far as the model has them. Said here again: what the relay takes for one is on trial. */
const removals = ['identity.user.deactivated', 'identity.user.deleted', 'identity.group.member_removed'];

export function isRemoval({ message }: Pick<Accepted, 'message'>): boolean {
  return removals.includes(message.change.type);
}
