import type { SubscriptionId } from '../subscriptions/subscription.ts';
import { longestQueueWaitMs } from './attempt-delivery.ts';
import type { DeliverParts } from './deliver-parts.ts';
import type { ParkedDelivery, ParkedLane, ParkReason } from './lane-store.ts';
import { isSettled, type DeliveryOutcome } from './message-outcome.ts';
import { readableIn } from './readable-lane.ts';
import { settlePassed } from './settle-passed.ts';
import { wasSent } from './was-sent.ts';
import { workDelivery, yieldDelivery } from './work-delivery.ts';

export interface LaneWork {
  /** The first request is the probe of an open circuit. */
  readonly probe: boolean;
  /** False when nothing more should be begun. */
  readonly hasTime: () => boolean;
  /** Counts what became of each delivery. */
  readonly note: (outcome: DeliveryOutcome, subscription: SubscriptionId) => void;
}

export type LaneEnd =
  /** Nothing waits in it any more. */
  | { readonly kind: 'open' }
  /** It waits for `sweep` again. */
  | { readonly kind: 'laid-down' }
  /** Another release was issued, or another parking begun, meanwhile: it is no longer ours. */
  | { readonly kind: 'lost' }
  /** To be gone on with soon, by who holds the token. `limit`: there was no room for any of it; `limit-reached`: for some there was. */
  | { readonly kind: 'waits'; readonly waitMs: number; readonly reason: string };

/** A token that is not heard of for so long is given out anew by `sweep`. Longer than any message is invisible. */
export const releaseLostMs = 10 * 60_000;
const pageSize = 10;

/**
 * Works a parked lane from its first delivery on; the caller holds its token, and a message of its group in hand.
 *
 * In order: a delivery that fails ends it, and the lane waits for that one. But where a removal waits further behind, the deliveries up to it are
 * tried as well, each for itself; when one of them gets through, those before it that failed are dead-lettered as `yielded`: the endpoint took what
 * came after them. When none does, the endpoint is most likely down and nobody has to yield: were the head given up each time a removal comes, a
 * leaver whose five memberships end while the endpoint restarts would keep four of them.
 *
 * Where the process dies: a delivery leaves the lane only when it is settled, and what was settled and is found again is a duplicate. What got
 * through is taken out after those before it have yielded, and `settlePassed` looks for it, so nobody is attempted after what overtook him.
 * @throws RelayError when our infrastructure fails; the lane is as it was, and so is the token
 */
export async function workLane(parts: DeliverParts, lane: ParkedLane, work: LaneWork): Promise<LaneEnd> {
  return new LaneWorker(parts, lane, work).run();
}

interface Failing {
  readonly entry: ParkedDelivery;
  readonly dueAt: Date;
}

class LaneWorker {
  readonly #parts: DeliverParts;
  readonly #work: LaneWork;
  #lane: ParkedLane;
  #position = 0;
  /** Of the last removal that still waits: behind it nobody has to yield. */
  #removalAt: number;
  /** Still to be spent, on the first request. */
  #probe: boolean;
  /** Tried and not through, in order. */
  #failing: Failing[] = [];
  /** Something has left the lane. */
  #moved = false;

  constructor(parts: DeliverParts, lane: ParkedLane, work: LaneWork) {
    this.#parts = parts;
    this.#work = work;
    this.#lane = lane;
    this.#removalAt = lane.removalAt;
    this.#probe = work.probe;
  }

  async run(): Promise<LaneEnd> {
    if (this.#removalAt > 0) this.#removalAt = await settlePassed(this.#parts, this.#lane, this.#note);
    const end = await this.#drain();
    const isProbeSpent = this.#work.probe && !this.#probe;
    // In the queue the release would come back as a probe once more.
    return end.kind === 'waits' && isProbeSpent ? this.#layDown(new Date(this.#parts.now().getTime() + end.waitMs), 'back-off') : end;
  }

  readonly #note = (outcome: DeliveryOutcome): void => this.#work.note(outcome, this.#lane.subscription);

  async #drain(): Promise<LaneEnd> {
    for (;;) {
      const entries = await readableIn(this.#parts, this.#lane, { from: this.#position, limit: pageSize });
      if (entries.length === 0) {
        const end = await this.#finish();
        if (end !== 'more') return end;
      }
      for (const entry of entries) {
        const end = await this.#step(entry);
        if (end !== undefined) return end;
        this.#position = entry.position + 1;
      }
    }
  }

  /** Works one delivery; undefined: go on with the next. */
  async #step(entry: ParkedDelivery): Promise<LaneEnd | undefined> {
    if (this.#failing.length > 0 && entry.position > this.#removalAt) return this.#waitForFailing();
    if (!this.#work.hasTime()) return { kind: 'waits', waitMs: 0, reason: 'out-of-time' };
    // The lane is begun anew whenever the limits end the work: were a place taken for each that is not due, the removal behind them might never get one.
    const mayWait = entry.position < this.#removalAt;
    const outcome = await workDelivery(this.#parts, { message: entry.message, group: this.#lane.group, probe: this.#probe, mayWait });
    if (wasSent(outcome)) this.#probe = false;
    this.#note(outcome);
    if (outcome.kind === 'waits') return outcome;
    if (outcome.kind === 'limited') return { kind: 'waits', waitMs: outcome.retryMs, reason: this.#moved ? 'limit-reached' : 'limit' };
    if (outcome.kind === 'held') return this.#layDown(this.#parts.now(), outcome.reason);
    if (!isSettled(outcome)) {
      this.#failing.push({ entry, dueAt: outcome.dueAt });
      return undefined;
    }
    // A duplicate does not count: what was delivered before this lane was parked says nothing about those who failed since.
    if (outcome.kind === 'delivered') {
      const busy = await this.#yieldFailing();
      if (busy !== undefined) return busy;
    }
    await this.#parts.lanes.remove(this.#lane, entry.position);
    this.#moved = true;
    return undefined;
  }

  /** Dead-letters what failed and was overtaken. Something in the way: the lane is gone on with when it has passed. */
  async #yieldFailing(): Promise<LaneEnd | undefined> {
    for (const { entry } of this.#failing) {
      const outcome = await yieldDelivery(this.#parts, entry.message);
      this.#note(outcome);
      if (outcome.kind === 'waits') return outcome;
      await this.#parts.lanes.remove(this.#lane, entry.position);
    }
    this.#failing = [];
    return undefined;
  }

  /** Behind the last delivery. */
  async #finish(): Promise<LaneEnd | 'more'> {
    if (this.#failing.length > 0) return this.#waitForFailing();
    if (await this.#parts.lanes.reopen(this.#lane)) return { kind: 'open' };
    const { token } = this.#lane;
    const lostAt = new Date(this.#parts.now().getTime() + releaseLostMs);
    const lane = token === undefined ? undefined : await this.#parts.lanes.take(this.#lane, { token, lostAt });
    if (lane?.epoch !== this.#lane.epoch) return { kind: 'lost' };
    if (lane.removalAt > this.#lane.removalAt) this.#removalAt = lane.removalAt;
    this.#lane = lane;
    return 'more';
  }

  /** Until the first of what failed is due: behind it a removal may be due sooner than the head. */
  #waitForFailing(): Promise<LaneEnd> | LaneEnd {
    const dueMs = Math.min(...this.#failing.map(({ dueAt }) => dueAt.getTime()));
    const waitMs = Math.max(dueMs - this.#parts.now().getTime(), 1);
    return waitMs <= longestQueueWaitMs ? { kind: 'waits', waitMs, reason: 'back-off' } : this.#layDown(new Date(dueMs), 'back-off');
  }

  async #layDown(dueAt: Date, reason: ParkReason): Promise<LaneEnd> {
    return (await this.#parts.lanes.release(this.#lane, { dueAt, reason })) ? { kind: 'laid-down' } : { kind: 'lost' };
  }
}
