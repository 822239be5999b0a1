import { dueWhenHastened } from '#lib/delivery/due-when-hastened.ts';
import type {
  DueLane,
  HeldLane,
  LaneKey,
  LaneStore,
  Looking,
  ParkedDelivery,
  ParkedLane,
  ParkRequest,
  UnreadablePlace,
  WaitingLanes,
} from '#lib/delivery/lane-store.ts';
import type { DeliveryId, DeliveryMessage } from '#lib/delivery/delivery.ts';
import { RelayError } from '#lib/errors.ts';
import type { SubscriptionId } from '#lib/subscriptions/subscription.ts';

interface Place {
  readonly removal: boolean;
  /** Undefined: it was taken out. */
  message: DeliveryMessage | undefined;
  ahead?: boolean;
  /** What somebody else wrote over the message. */
  unreadable?: Uint8Array;
}
interface Release {
  readonly token: string;
  readonly lostAt: Date;
}
type Row = ParkedLane & { readonly releasedBy?: string };

/** What a lane store keeps, so that a test can open several on the same. */
export class LaneRows {
  readonly lanes = new Map<string, Row>();
  /** By lane and epoch. */
  readonly places = new Map<string, Place[]>();
  /** Names of lanes whose record somebody has written over. */
  readonly spoiledLanes = new Set<string>();

  spoilPlace(lane: ParkedLane, position: number, unreadable: Uint8Array): void {
    const place = this.places.get(JSON.stringify([keyOf(lane), lane.epoch]))?.[position];
    if (place !== undefined) place.unreadable = unreadable;
  }

  spoilLane(lane: LaneKey): void {
    this.spoiledLanes.add(keyOf(lane));
  }
}

/** LaneStore in memory, for properties over thousands of batches. It is held to the same contract as the real one. */
export class InMemoryLaneStore implements LaneStore {
  readonly #rows: LaneRows;
  readonly #diesAtWrite: number;
  #writes = 0;

  /** `diesAtWrite`: this write and every later one of this store fails, as if its process had been killed. */
  constructor(options: { rows?: LaneRows; diesAtWrite?: number } = {}) {
    this.#rows = options.rows ?? new LaneRows();
    this.#diesAtWrite = options.diesAtWrite ?? Infinity;
  }

  find(lane: LaneKey): Promise<ParkedLane | undefined> {
    return step(() => this.#lane(lane));
  }

  park(request: ParkRequest): Promise<ParkedLane | undefined> {
    return step(() => {
      const { message, removal, now: parkedAt, ...named } = request;
      const places = this.#places(request);
      if (places.length === 0) this.#write(() => places.push({ message, removal }));
      const found = this.#rows.lanes.get(keyOf(request));
      if (found !== undefined) return found.epoch === request.epoch ? shown(found) : undefined;
      this.#write(() => this.#rows.lanes.set(keyOf(request), { ...named, parkedAt, tail: 1, removalAt: removal ? 0 : -1 }));
      return this.#lane(request);
    });
  }

  append(seen: ParkedLane, { message, removal }: { message: DeliveryMessage; removal: boolean }): Promise<ParkedLane | undefined> {
    return step(() => {
      const places = this.#places(seen);
      for (let lane: Row | undefined = seen; ;) {
        const position: number = lane.tail;
        const taken = places[position];
        if (taken === undefined) this.#write(() => (places[position] = { message, removal }));
        lane = this.#tailMoved(lane, taken?.removal ?? removal);
        if (lane === undefined) return undefined;
        if (taken === undefined || taken.message?.delivery === message.delivery) return shown(lane);
      }
    });
  }

  read(lane: ParkedLane, from: number, limit: number): Promise<readonly (ParkedDelivery | UnreadablePlace)[]> {
    return step(() =>
      this.#places(lane)
        .slice(0, lane.tail)
        .flatMap(({ message, unreadable, ahead }, position): (ParkedDelivery | UnreadablePlace)[] => {
          if (message === undefined || position < from) return [];
          if (unreadable !== undefined) return [{ position, unreadable }];
          return [{ position, message, ...(ahead === true ? { ahead } : {}) }];
        })
        .slice(0, limit),
    );
  }

  positions(lane: ParkedLane, delivery: DeliveryId): Promise<readonly number[]> {
    return step(() =>
      this.#places(lane)
        .slice(0, lane.tail)
        .flatMap(({ message }, position) => (message?.delivery === delivery ? [position] : [])),
    );
  }

  markAhead(lane: ParkedLane, position: number): Promise<void> {
    return step(() => {
      const place = this.#places(lane)[position];
      if (place !== undefined) this.#write(() => (place.ahead = true));
    });
  }

  remove(lane: ParkedLane, position: number): Promise<void> {
    return step(() => {
      const place = this.#places(lane)[position];
      if (place !== undefined) this.#write(() => (place.message = undefined));
    });
  }

  issue(seen: Pick<ParkedLane, 'queue' | 'group' | 'epoch' | 'dueAt'>, { token, lostAt }: Release): Promise<boolean> {
    return step(() => {
      const lane = this.#rows.lanes.get(keyOf(seen));
      if (lane?.epoch !== seen.epoch || lane.dueAt.getTime() !== seen.dueAt.getTime()) return lane?.token === token;
      this.#change(lane, { token, dueAt: lostAt });
      return true;
    });
  }

  take(
    seen: Parameters<LaneStore['take']>[0],
    { token, lostAt, tried }: Parameters<LaneStore['take']>[1],
  ): Promise<ParkedLane | undefined> {
    return step(() => {
      const lane = this.#rows.lanes.get(keyOf(seen));
      if (lane?.token !== token) return undefined;
      if (tried === undefined) return this.#change(lane, { dueAt: lostAt });
      return lane.hastenedAt?.getTime() === seen.hastenedAt?.getTime() ? this.#change(lane, { dueAt: lostAt, tried }) : undefined;
    });
  }

  seize(seen: ParkedLane, { token, lostAt }: Release): Promise<ParkedLane | undefined> {
    return step(() => {
      const lane = this.#rows.lanes.get(keyOf(seen));
      return lane?.epoch === seen.epoch ? this.#change(lane, { token, dueAt: lostAt }) : undefined;
    });
  }

  release(seen: HeldLane, waiting: Parameters<LaneStore['release']>[1]): Promise<boolean> {
    return step(() => {
      const lane = this.#rows.lanes.get(keyOf(seen));
      if (seen.token === undefined || lane?.epoch !== seen.epoch) return false;
      if (lane.token !== seen.token) return lane.token === undefined && lane.releasedBy === seen.token;
      const { hastenedAt } = lane;
      const isSeen = hastenedAt === undefined || hastenedAt.getTime() === seen.hastenedAt?.getTime();
      const as = isSeen ? waiting : { dueAt: dueWhenHastened(lane, hastenedAt), reason: waiting.reason };
      this.#change(lane, { tried: undefined, ...as, token: undefined, releasedBy: seen.token });
      return true;
    });
  }

  hasten(seen: Parameters<LaneStore['hasten']>[0], at: Date): Promise<boolean> {
    return step(() => {
      const lane = this.#rows.lanes.get(keyOf(seen));
      if (lane?.epoch !== seen.epoch) return false;
      if (lane.hastenedAt?.getTime() === at.getTime()) return true;
      if (lane.token !== seen.token || lane.hastenedAt?.getTime() !== seen.hastenedAt?.getTime()) return false;
      this.#change(lane, { hastenedAt: at, tried: undefined, ...(seen.token === undefined ? { dueAt: dueWhenHastened(seen, at) } : {}) });
      return true;
    });
  }

  reopen(seen: HeldLane & Pick<ParkedLane, 'tail'>): Promise<boolean> {
    return step(() => {
      if (seen.token === undefined) return false;
      const lane = this.#rows.lanes.get(keyOf(seen));
      if (lane === undefined) return true;
      if (lane.epoch !== seen.epoch || lane.token !== seen.token || lane.tail !== seen.tail) return false;
      this.#write(() => this.#rows.lanes.delete(keyOf(seen)));
      return true;
    });
  }

  due(subscription: SubscriptionId, by: Date, limit: number): Promise<readonly DueLane[]> {
    return step(() =>
      this.#of(subscription)
        .filter((lane) => lane.dueAt <= by && !this.#rows.spoiledLanes.has(keyOf(lane)))
        // Those of one time by their names, which say nothing: whoever wants an order has to make them due in it.
        .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime() || (keyOf(a) < keyOf(b) ? -1 : 1))
        .slice(0, limit)
        .map(dueLane),
    );
  }

  released(subscription: SubscriptionId, { after, until }: { after: Date; until: Date }): Promise<number> {
    return step(() => this.#of(subscription).filter(({ token, dueAt }) => token !== undefined && dueAt > after && dueAt <= until).length);
  }

  any(subscription: SubscriptionId): Promise<boolean> {
    return step(() => this.#of(subscription).length > 0);
  }

  waiting(subscription: SubscriptionId, most: number, looking: Looking = 'with-removals'): Promise<WaitingLanes> {
    return step(() => {
      const all = this.#of(subscription);
      const seen = all.slice(0, most);
      const isSpoiled = (lane: Row): boolean => this.#rows.spoiledLanes.has(keyOf(lane));
      const parkedMs = seen.filter((lane) => !isSpoiled(lane)).map(({ parkedAt }) => parkedAt.getTime());
      return {
        count: seen.length,
        oldestParkedAt: parkedMs.length === 0 ? undefined : new Date(Math.min(...parkedMs)),
        unreadable: seen.filter(isSpoiled).map(({ queue, group }) => `${queue}#${group}`),
        removals: looking === 'without-removals' ? [] : all.filter((lane) => lane.removalAt >= 0 && !isSpoiled(lane)).map(dueLane),
      };
    });
  }

  removalSince(lane: DueLane): Promise<Date | undefined> {
    return step(() => {
      const sinceMs = this.#places(lane)
        .slice(0, lane.removalAt + 1)
        .flatMap(({ removal, message, unreadable }) => {
          if (!removal || message === undefined) return [];
          return unreadable === undefined ? Date.parse(message.change.time) : lane.parkedAt.getTime();
        });
      return sinceMs.length === 0 ? undefined : new Date(Math.min(...sinceMs));
    });
  }

  #lane(key: LaneKey): ParkedLane | undefined {
    const row = this.#rows.lanes.get(keyOf(key));
    return row === undefined ? undefined : shown(row);
  }

  #of(subscription: SubscriptionId): Row[] {
    return [...this.#rows.lanes.values()].filter((lane) => lane.subscription === subscription);
  }

  #places(lane: LaneKey & { epoch: string }): Place[] {
    const key = JSON.stringify([keyOf(lane), lane.epoch]);
    const places = this.#rows.places.get(key) ?? [];
    this.#rows.places.set(key, places);
    return places;
  }

  /** Undefined when the epoch is over. */
  #tailMoved(seen: ParkedLane, removal: boolean): Row | undefined {
    const lane = this.#rows.lanes.get(keyOf(seen));
    if (lane?.epoch !== seen.epoch) return undefined;
    if (lane.tail !== seen.tail) return lane;
    this.#change(lane, { tail: seen.tail + 1, ...(removal ? { removalAt: seen.tail } : {}) });
    return this.#rows.lanes.get(keyOf(seen));
  }

  #change(lane: Row, to: Partial<Row>): ParkedLane {
    const changed = { ...lane, ...to };
    this.#write(() => this.#rows.lanes.set(keyOf(lane), changed));
    return shown(changed);
  }

  #write(write: () => unknown): void {
    this.#writes += 1;
    if (this.#writes >= this.#diesAtWrite) throw new RelayError('DELIVERY_STORE_UNAVAILABLE', 'The process was killed here');
    write();
  }
}

function dueLane({ queue, group, epoch, dueAt, parkedAt, reason, removalAt, token, hastenedAt }: Row): DueLane {
  const always = { queue, group, epoch, dueAt, parkedAt, reason, removalAt };
  return { ...always, ...(token === undefined ? {} : { token }), ...(hastenedAt === undefined ? {} : { hastenedAt }) };
}

function shown({ releasedBy: _releasedBy, token, tried, ...lane }: Row): ParkedLane {
  return { ...lane, ...(token === undefined ? {} : { token }), ...(tried === undefined ? {} : { tried }) };
}

/** What a step throws, its promise rejects with. */
function step<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

function keyOf({ queue, group }: LaneKey): string {
  return JSON.stringify([queue, group]);
}
