import type { SubscriptionId } from '../subscriptions/subscription.ts';
import type { DeliveryId, DeliveryMessage } from './delivery.ts';

/**
 * Why a lane waits outside the queue. `back-off`: its head failed and is due later. `circuit`: its subscription's endpoint is down.
 * `paused`: its owner asked for it. `limit`: its subscription has as much under way as it may.
 */
export const parkReasons = ['back-off', 'circuit', 'paused', 'limit'] as const;
export type ParkReason = (typeof parkReasons)[number];

/** The queue that a lane's messages came by, and its release goes by. Names of lib/sqs/queues.ts. */
export const laneQueues = ['deliveries', 'replayDeliveries'] as const;
export type LaneQueue = (typeof laneQueues)[number];

/** What a person is replayed is in a lane of its own, beside the live one. */
export interface LaneKey {
  readonly queue: LaneQueue;
  /** The group of its messages in the queue: a hash, see lane.ts. */
  readonly group: string;
}

/**
 * A lane that is parked: its deliveries wait in the lane store, in the order in which they came, and no message of it is attempted but by who holds
 * its token. Open lanes have no record.
 */
export interface ParkedLane extends LaneKey {
  readonly subscription: SubscriptionId;
  /** Names this parking: what belongs to an earlier one is never read again. */
  readonly epoch: string;
  /** Position that the next delivery gets; the first had 0. */
  readonly tail: number;
  /** The highest position of a removal that was ever in it; -1: none. */
  readonly removalAt: number;
  readonly reason: ParkReason;
  readonly parkedAt: Date;
  /** Not looked at by `sweep` before. While a token is out: when it counts as lost. */
  readonly dueAt: Date;
  /** The release that may work it; undefined: none is out. */
  readonly token?: string | undefined;
  /** As who laid it down left it; undefined: nothing is known. */
  readonly tried?: TriedPart | undefined;
  /** When a person last asked for it to be worked at once: what was last attempted before then does not wait for its time. Undefined: nobody has. */
  readonly hastenedAt?: Date | undefined;
}

/** The first part of a lane: all that waits there has been tried, and none of it is due before `dueAt`. */
export interface TriedPart {
  /** The first position behind it. */
  readonly to: number;
  readonly dueAt: Date;
}

/** A lane to who has its token, or gave it out. */
export type HeldLane = Pick<ParkedLane, 'queue' | 'group' | 'epoch' | 'token' | 'hastenedAt'>;

export interface ParkedDelivery {
  readonly position: number;
  readonly message: DeliveryMessage;
  /** See `LaneStore.markAhead`. */
  readonly ahead?: boolean;
}

/** What stands in a lane and is no delivery. */
export interface UnreadablePlace {
  readonly position: number;
  /** What is stored there, as far as it could be unpacked. */
  readonly unreadable: Uint8Array;
}

export interface ParkRequest extends LaneKey {
  readonly subscription: SubscriptionId;
  /** A name that no other parking ever has. */
  readonly epoch: string;
  readonly message: DeliveryMessage;
  /** Whether the message is a removal, which does not wait behind what fails. */
  readonly removal: boolean;
  readonly reason: ParkReason;
  readonly dueAt: Date;
  readonly now: Date;
}

/**
 * Port: parked lanes. Every call is one conditional write (or two whose order is told here), so that instances that race, messages that come twice
 * and processes that die leave no delivery behind in a lane that is open.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE; whatever was written, the same call may be made again
 */
export interface LaneStore {
  /** Consistent. */
  find(lane: LaneKey): Promise<ParkedLane | undefined>;
  /**
   * Parks an open lane with its first delivery, at position 0: the delivery is written first and the lane second, so that a lane is never without it.
   * Undefined when it is parked already, under another epoch: then `append` is the call.
   */
  park(request: ParkRequest): Promise<ParkedLane | undefined>;
  /**
   * Puts a delivery at the lane's tail: first the delivery at its position, then the lane's tail behind it. A position that is taken is moved past:
   * whoever took it died before moving the tail, or is about to. So a delivery may be in the lane twice, at two positions. Undefined when by now the
   * lane is open or parked anew: find it again.
   */
  append(lane: ParkedLane, delivery: { message: DeliveryMessage; removal: boolean; now: Date }): Promise<ParkedLane | undefined>;
  /**
   * Deliveries from `from` up to the tail of the lane as it was seen, in order, at most `limit`; fewer: these are all. Positions whose delivery was
   * removed are passed over; what cannot be read is told, see readable-lane.ts. Consistent.
   */
  read(lane: ParkedLane, from: number, limit: number): Promise<readonly (ParkedDelivery | UnreadablePlace)[]>;
  /** Positions up to the tail of the lane as it was seen where a delivery stands, in order, also where it cannot be read. Without its message. Consistent. */
  positions(lane: ParkedLane, delivery: DeliveryId): Promise<readonly number[]>;
  /**
   * Notes of a delivery that it is about to be sent while something before it waits that has failed. For as long as it stands in the lane: so who comes
   * after a crash, and finds it delivered, knows that it overtook what is still before it, whatever any clock says.
   */
  markAhead(lane: ParkedLane, position: number): Promise<void>;
  /** Takes a settled delivery out. */
  remove(lane: ParkedLane, position: number): Promise<void>;
  /** Gives out a token, in place of one that is lost, if the lane is as it was seen (epoch, `dueAt`). Answers whether it was this call. */
  issue(seen: Pick<ParkedLane, 'queue' | 'group' | 'epoch' | 'dueAt'>, release: { token: string; lostAt: Date }): Promise<boolean>;
  /**
   * For the holder of a token: the lane as it is, its token good until `lostAt`, and with `tried` if he says that. Undefined: the token is stale, or what
   * he says was tried before the lane was hastened, which he did not see: then nothing was written.
   */
  take(
    lane: LaneKey & Pick<HeldLane, 'hastenedAt'>,
    release: { token: string; lostAt: Date; tried?: TriedPart | undefined },
  ): Promise<ParkedLane | undefined>;
  /** As `issue` and `take` in one, for an instance that has a message of the lane in hand. Undefined when it is not parked under this epoch. */
  seize(lane: ParkedLane, release: { token: string; lostAt: Date }): Promise<ParkedLane | undefined>;
  /**
   * The holder lays the lane down until `dueAt`; so does who gave out a token and could not send it. False: the token is stale, and nothing was
   * written. Without `tried`, what is known of the lane's first part is forgotten. A lane that was hastened since the holder saw it is due as that says
   * instead: what he has just tried may have gone out before.
   */
  release(lane: HeldLane, waiting: { dueAt: Date; reason: ParkReason; tried?: TriedPart | undefined }): Promise<boolean>;
  /**
   * Has a lane worked at once, and what waits in it attempted whatever its schedule says, unless it was attempted after `at`: due since it was parked (see
   * due-when-hastened.ts) where no token is out, and else as soon as its holder lays it down. What was known of the lane's first part is forgotten. If the
   * lane is as it was seen (epoch, token, `hastenedAt`); answers whether it was this call.
   */
  hasten(seen: HeldLane & Pick<ParkedLane, 'dueAt' | 'parkedAt'>, at: Date): Promise<boolean>;
  /** The holder opens the lane, if its tail is where he saw it; true as well when it is open by now. False: it moved, or the token is stale. */
  reopen(lane: HeldLane & Pick<ParkedLane, 'tail'>): Promise<boolean>;
  /**
   * Lanes of a subscription that are due by then, those due longest first, at most `limit` (1 to 10,000). One that cannot be read is passed over.
   * May be seconds old.
   */
  due(subscription: SubscriptionId, by: Date, limit: number): Promise<readonly DueLane[]>;
  /**
   * How many lanes of a subscription have a token out that counts as lost between these times, as far as they are looked at: `most` of them, or a few
   * more. May be seconds old.
   */
  released(subscription: SubscriptionId, lost: { after: Date; until: Date }, most: number): Promise<number>;
  /** Whether the subscription has any lane parked, due or not. May be seconds old. */
  any(subscription: SubscriptionId): Promise<boolean>;
  /** All lanes of a subscription, due or not, with a token out or none, as far as they are looked at: `most` of them, or a few more. May be seconds old. */
  waiting(subscription: SubscriptionId, most: number, looking?: Looking): Promise<WaitingLanes>;
  /**
   * Since when the oldest removal that stands in a lane is owed, at least: Okta's `published` of it, or `parkedAt` where that cannot be read or the lane is
   * too long to be looked through. One that was settled and not taken out yet stands. Undefined: none does. Consistent, up to the lane's `removalAt`.
   */
  removalSince(lane: DueLane): Promise<Date | undefined>;
}

/** With removals, if it is not said. */
export type Looking = 'with-removals' | 'without-removals';

export interface WaitingLanes {
  /** Those seen, the unreadable among them. */
  readonly count: number;
  /** When the oldest of those seen was parked. */
  readonly oldestParkedAt: Date | undefined;
  /** Names of those that are stored and cannot be read: nothing releases them. */
  readonly unreadable: readonly string[];
  /**
   * Those that a removal ever was in. For these, lanes beyond `most` are looked at as well, far more than it, from those due last on: what failed
   * and waits for hours has most likely been owed for longest. None where removals are not looked for.
   */
  readonly removals: readonly DueLane[];
}

export type DueLane = HeldLane & Pick<ParkedLane, 'dueAt' | 'parkedAt' | 'reason' | 'removalAt'>;

/** Parked lanes are forgotten then, by TTL: far beyond the seven days after which what waits is dead-lettered. */
export const laneRetentionDays = 40;
