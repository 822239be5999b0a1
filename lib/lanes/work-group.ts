import type { DeliverParts } from './deliver-parts.ts';
import type { DeliveryMessage } from '../delivery/delivery.ts';
import { isInLane } from './is-in-lane.ts';
import { isRemoval } from '../identity/is-removal.ts';
import type { LaneEnd, LaneWork } from './lane-work.ts';
import type { ParkedLane, ParkReason } from '../delivery/lane-store.ts';
import { isSettled, type DeliveryOutcome, type MessageOutcome } from '../delivery/message-outcome.ts';
import { narrowedMessage } from '../delivery/narrowed-message.ts';
import { readQueueMessage } from '../delivery/read-queue-message.ts';
import type { ReleaseMessage } from '../delivery/release-message.ts';
import { limitedReceives, queueWaitOf } from './queue-wait.ts';
import { workDelivery } from './work-delivery.ts';
import { releaseLostMs, workLane } from './work-lane.ts';

export interface QueuedMessage {
  readonly body: string;
  /** How often the queue has handed it out. */
  readonly receiveCount: number;
}

/** The release of a lane for which there was no room at all comes back a few times; then its lane waits for `sweep` again, for so long and up to as long again. */
const shortestLimitWaitMs = 60_000;
/** A release that moves its lane comes back for more, but not until the queue gives it up, which it does after 1,000 receives. */
const longestReleaseReceives = 500;
/** A lane that is parked and opened by others as often as this, while one message is in hand, is no race any more. */
const maxRounds = 4;

/**
 * The messages of one lane that an instance has in hand, worked one after the other. Open, each is attempted; parked, each is appended, and only a
 * release has the lane worked, or a removal that must not wait behind what fails.
 *
 * Whether the lane is parked is read once, consistently, after the messages were received: while they are in hand the queue hands out nothing else of
 * the group. An instance that was stopped for so long that its messages came back to others finds its claims, conditions and tokens gone.
 */
export class GroupWork {
  readonly #parts: DeliverParts;
  readonly #group: string;
  readonly #work: Omit<LaneWork, 'probe'>;
  #lane: ParkedLane | undefined;
  #isRead = false;

  constructor(parts: DeliverParts, group: string, work: Omit<LaneWork, 'probe'>) {
    this.#parts = parts;
    this.#group = group;
    this.#work = work;
  }

  /** @throws RelayError when our infrastructure fails; the message is then still owed */
  async message({ body, receiveCount }: QueuedMessage): Promise<MessageOutcome> {
    const read = readQueueMessage(body, this.#parts.now());
    if (read.kind === 'unreadable') {
      await this.#parts.quarantine.keep(read.entry);
      return { kind: 'quarantined' };
    }
    if (read.kind === 'release') return this.#release(read.release, receiveCount);
    return this.#delivery(read.message, receiveCount);
  }

  async #release({ token, probe }: ReleaseMessage['release'], receiveCount: number): Promise<MessageOutcome> {
    const lane = await this.#parts.lanes.take(this.#key(), { token, lostAt: this.#lostAt() });
    if (lane === undefined) return { kind: 'released' };
    const end = await workLane(this.#parts, lane, { ...this.#work, probe });
    this.#isRead = false;
    if (end.kind !== 'waits') return { kind: 'released' };
    const hasNoRoom = end.reason === 'limit' && receiveCount >= limitedReceives;
    if (!hasNoRoom && receiveCount < longestReleaseReceives) {
      await this.#keepTried(lane, end, token);
      return end;
    }
    await this.#layDown(lane, hasNoRoom ? { ...end, waitMs: shortestLimitWaitMs * (1 + this.#parts.random()) } : end);
    return { kind: 'released' };
  }

  /** So that it goes on from where it was when it comes back, however many wait before. */
  async #keepTried(lane: ParkedLane, { tried, waitMs }: Extract<LaneEnd, { kind: 'waits' }>, token: string): Promise<void> {
    const isDueFirst = tried === undefined || tried.dueAt.getTime() <= this.#parts.now().getTime() + waitMs;
    if (!isDueFirst) await this.#parts.lanes.take(lane, { token, lostAt: this.#lostAt(), tried });
  }

  async #delivery(message: DeliveryMessage, receiveCount: number): Promise<MessageOutcome> {
    for (let round = 0; round < maxRounds; round += 1) {
      const lane = await this.#find();
      const outcome = lane === undefined ? await this.#attempt(message, receiveCount) : await this.#append(lane, message);
      if (outcome !== undefined) return outcome;
      this.#isRead = false;
    }
    return { kind: 'waits', waitMs: 1_000, reason: 'lane-contended' };
  }

  async #attempt(message: DeliveryMessage, receiveCount: number): Promise<MessageOutcome | undefined> {
    const outcome = await workDelivery(this.#parts, { message, group: this.#group, probe: false });
    this.#work.note(outcome, message.subscription);
    if (isSettled(outcome) || outcome.kind === 'waits') return outcome;
    const queueWait = queueWaitOf(outcome, { receiveCount, now: this.#parts.now() });
    return queueWait ?? this.#park(message, outcome);
  }

  /** Undefined: somebody has parked it meanwhile. */
  async #park(message: DeliveryMessage, outcome: Exclude<DeliveryOutcome, { kind: 'waits' }>): Promise<MessageOutcome | undefined> {
    const now = this.#parts.now();
    const reason: ParkReason = outcome.kind === 'held' ? outcome.reason : outcome.kind === 'limited' ? 'limit' : 'back-off';
    const lane = await this.#parts.lanes.park({
      ...this.#key(),
      subscription: message.subscription,
      epoch: this.#parts.newLease(),
      message: await this.#narrowed(message),
      removal: isRemoval(message.change),
      reason,
      dueAt: outcome.kind === 'failing' ? outcome.dueAt : now,
      now,
    });
    if (lane === undefined) return undefined;
    this.#lane = lane;
    // What failed is on record already; what was held is heard of for the first time.
    if (outcome.kind !== 'failing') await this.#parts.store.park({ message, now });
    return { kind: 'parked', reason };
  }

  /** Undefined: the lane has been opened, or parked anew, meanwhile. */
  async #append(lane: ParkedLane, message: DeliveryMessage): Promise<MessageOutcome | undefined> {
    const known = await this.#parts.store.find(message.delivery);
    // As it is by now: it may have been appended by another, behind the tail that we saw.
    const current = known === undefined ? lane : await this.#parts.lanes.find(this.#key());
    if (current?.epoch !== lane.epoch) return undefined;
    const isIn = known !== undefined && (await isInLane(this.#parts, current, message.delivery));
    // A repeat behind its own place would look, once delivered, as if it had overtaken what is in between.
    if (!isIn && known !== undefined && known.status !== 'pending' && known.status !== 'parked') {
      const outcome = { kind: 'duplicate', status: known.status } as const;
      this.#work.note(outcome, message.subscription);
      return outcome;
    }
    const now = this.#parts.now();
    const entry = { removal: isRemoval(message.change), now };
    const appended = isIn ? current : await this.#parts.lanes.append(current, { message: await this.#narrowed(message), ...entry });
    if (appended === undefined) return undefined;
    this.#lane = appended;
    await this.#parts.store.park({ message, now });
    if (entry.removal && (await this.#mayOvertake(appended))) await this.#overtake(appended);
    return { kind: 'parked', reason: appended.reason };
  }

  /** With no more than its subscription asks for now: it may have been queued before that asked for less. Of one that is gone nobody asks for anything. */
  async #narrowed(message: DeliveryMessage): Promise<DeliveryMessage> {
    return narrowedMessage(message, (await this.#parts.subscriptions.find(message.subscription)) ?? { format: 'minimal' });
  }

  /**
   * Whatever the lane was parked for may be over by now. Where it is not, a lane that waits for its head is still worked as far as its release: it is due
   * once its subscription can be sent to again. But not in place of a release that is under way, which may be the probe.
   */
  async #mayOvertake({ subscription, reason, token }: ParkedLane): Promise<boolean> {
    const { status, circuit } = (await this.#parts.subscriptions.find(subscription)) ?? {};
    return (status === 'active' && circuit === undefined) || (reason === 'back-off' && token === undefined);
  }

  /** A removal has come behind what fails: the lane is worked now, and not when its head is due. */
  async #overtake(lane: ParkedLane): Promise<void> {
    const seized = await this.#parts.lanes.seize(lane, { token: this.#parts.newLease(), lostAt: this.#lostAt() });
    this.#isRead = false;
    if (seized === undefined) return;
    const end = await workLane(this.#parts, seized, { ...this.#work, probe: false });
    if (end.kind === 'waits') await this.#layDown(seized, end);
  }

  /** No message holds the token once this one is deleted, so sweep has to give out another. */
  async #layDown(lane: ParkedLane, { waitMs, reason, tried }: Extract<LaneEnd, { kind: 'waits' }>): Promise<void> {
    const dueAt = new Date(this.#parts.now().getTime() + waitMs);
    const isLimit = reason === 'limit' || reason === 'limit-reached';
    await this.#parts.lanes.release(lane, { dueAt, reason: isLimit ? 'limit' : 'back-off', tried });
  }

  async #find(): Promise<ParkedLane | undefined> {
    if (!this.#isRead) {
      this.#lane = await this.#parts.lanes.find(this.#key());
      this.#isRead = true;
    }
    return this.#lane;
  }

  #key() {
    return { queue: this.#parts.queue, group: this.#group };
  }

  #lostAt(): Date {
    return new Date(this.#parts.now().getTime() + releaseLostMs);
  }
}
