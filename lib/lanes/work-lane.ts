import { longestQueueWaitMs } from './attempt-delivery.ts';
import type { DeliverParts } from './deliver-parts.ts';
import { FailingPart } from './failing-part.ts';
import { hasPassed } from './has-passed.ts';
import type { LaneEnd, LaneWork } from './lane-work.ts';
import type { ParkedDelivery, ParkedLane, ParkReason, TriedPart } from '../delivery/lane-store.ts';
import { isSettled, type DeliveryOutcome } from '../delivery/message-outcome.ts';
import { nextAhead } from './next-ahead.ts';
import { readableIn } from './readable-lane.ts';
import { settlePassed } from './settle-passed.ts';
import { wasSent } from './was-sent.ts';
import { workDelivery } from './work-delivery.ts';
import { yieldBefore } from './yield-before.ts';

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
 * Where the process dies: a delivery leaves the lane only when it is settled, and what was settled and is found again is a duplicate. What is sent
 * before its turn is marked first, and taken out after those before it have yielded; `settlePassed` looks for it, so nobody is attempted after what
 * overtook him.
 *
 * A removal that comes behind many does not have them all looked at again: who laid the lane down said how far it was tried, and when that is due. Until
 * then only what came later is worked.
 * @throws RelayError when our infrastructure fails; the lane is as it was, and so is the token
 */
export async function workLane(parts: DeliverParts, lane: ParkedLane, work: LaneWork): Promise<LaneEnd> {
  return new LaneWorker(parts, lane, work).run();
}

class LaneWorker {
  readonly #parts: DeliverParts;
  readonly #work: LaneWork;
  #lane: ParkedLane;
  #position = 0;
  /** Of the last removal that still waits: behind it nobody has to yield. */
  #removalAt: number;
  /** Still to be spent, on the next request. */
  #probe: boolean;
  /** Of a probe: what is behind the head has not had its request yet. */
  #mayGoAhead: boolean;
  #hasAsked = false;
  readonly #failing = new FailingPart();
  /** Something has left the lane. */
  #moved = false;

  constructor(parts: DeliverParts, lane: ParkedLane, work: LaneWork) {
    this.#parts = parts;
    this.#work = work;
    this.#lane = lane;
    this.#removalAt = lane.removalAt;
    this.#probe = work.probe;
    this.#mayGoAhead = work.probe;
  }

  async run(): Promise<LaneEnd> {
    await this.#passTried();
    if (this.#removalAt > 0) {
      const settled = await settlePassed(this.#parts, this.#lane, { from: this.#position, note: this.#note, hasTime: this.#work.hasTime });
      if (settled.kind === 'waits') return settled;
      this.#removalAt = settled.removalAt;
      if (settled.yielded) this.#beginAnew();
    }
    const end = await this.#drain();
    if (end.kind !== 'waits' || !this.#work.probe || !this.#hasAsked) return end;
    // In the queue the release would come back as a probe once more.
    return this.#layDown(new Date(this.#parts.now().getTime() + end.waitMs), 'back-off', end.tried);
  }

  readonly #note = (outcome: DeliveryOutcome): void => this.#work.note(outcome, this.#lane.subscription);

  async #passTried(): Promise<void> {
    const { tried } = this.#lane;
    if (tried === undefined || tried.dueAt <= this.#parts.now() || this.#work.probe) return;
    // To one that is deleted or disabled nothing is sent any more, so nothing of it waits for its time.
    const { status = 'deleted' } = (await this.#parts.subscriptions.find(this.#lane.subscription)) ?? {};
    if (status === 'deleted' || status === 'disabled') return;
    const [first] = await this.#parts.lanes.read(this.#lane, 0, 1);
    // Who laid it down so may not have been the last to work it.
    if (first === undefined || first.position >= tried.to) return;
    this.#failing.skip(tried);
    this.#position = tried.to;
  }

  async #drain(): Promise<LaneEnd> {
    for (;;) {
      const entries = await readableIn(this.#parts, this.#lane, { from: this.#position, limit: pageSize });
      if (entries.length === 0) {
        const end = await this.#finish();
        if (end !== 'more') return end;
      }
      for (const entry of entries) {
        const end = await this.#step(entry);
        if (end === 'anew') break;
        if (end !== undefined) return end;
        this.#position = entry.position + 1;
      }
    }
  }

  /** Works one delivery; undefined: go on with the next. `anew`: with the lane's first. */
  async #step(entry: ParkedDelivery): Promise<LaneEnd | 'anew' | undefined> {
    const isFirst = this.#failing.isEmpty();
    if (!isFirst && entry.position > this.#removalAt) return this.#waitForFailing();
    if (!this.#work.hasTime()) return this.#waits(0, 'out-of-time');
    // It waits in its first place: sent from here, it would seem to have overtaken what is in between.
    if (this.#failing.dueOf(entry) !== undefined) return undefined;
    // The lane is begun anew whenever the limits end the work: were a place taken for each that is not due, the removal behind them might never get one.
    const mayWait = entry.position < this.#removalAt;
    const beforeSend = isFirst || entry.ahead === true ? undefined : () => this.#parts.lanes.markAhead(this.#lane, entry.position);
    const { position, message } = entry;
    const { group, hastenedAt } = this.#lane;
    const outcome = await workDelivery(this.#parts, { message, group, probe: this.#probe, mayWait, hastenedAt, beforeSend });
    const isOut = wasSent(outcome);
    const from = entry.position + (isOut && this.#probe ? 1 : 0);
    if (isOut) [this.#probe, this.#hasAsked] = [false, true];
    this.#note(outcome);
    if (outcome.kind === 'waits') return this.#waits(outcome.waitMs, outcome.reason);
    if (outcome.kind === 'limited') return this.#waits(outcome.retryMs, this.#moved ? 'limit-reached' : 'limit');
    if (outcome.kind === 'held') return this.#held(outcome.reason, from);
    if (!isSettled(outcome)) {
      this.#failing.add(entry, outcome.dueAt);
      return undefined;
    }
    const mustYield = !isFirst && (await hasPassed(this.#parts, this.#lane, { position: entry.position, outcome }));
    const through = { position, delivery: message.delivery, from: this.#failing.from, note: this.#note, hasTime: this.#work.hasTime };
    const inTheWay = mustYield ? await yieldBefore(this.#parts, this.#lane, through) : undefined;
    if (inTheWay !== undefined) return inTheWay;
    await this.#parts.lanes.remove(this.#lane, entry.position);
    this.#moved = true;
    return mustYield ? this.#beginAnew() : undefined;
  }

  /**
   * The circuit is open. Where it is because of what stands at the heads of lanes, no probe would ever get through: so when the head has failed in its
   * probe, one of those that wait behind it up to the last removal has a request as well, and the head yields to it if it gets through.
   */
  async #held(reason: 'circuit' | 'paused', from: number): Promise<LaneEnd | 'anew'> {
    for (let mayGoAhead = this.#mayGoAhead && reason === 'circuit'; mayGoAhead; mayGoAhead = this.#probe) {
      const next = await nextAhead(this.#parts, this.#lane, { from, to: this.#removalAt });
      if (next === undefined) break;
      [this.#mayGoAhead, this.#probe] = [false, this.#work.probe];
      this.#failing.skip({ to: next.position, dueAt: this.#parts.now() });
      const end = await this.#step(next);
      // Settled without a request, it leaves that to another that waits, and not to what it was let ahead of.
      if (end !== undefined) return end;
      const dueAt = this.#failing.dueOf(next);
      // It was refused, once more, which counts: with a probe each minute its three attempts would be over at once.
      if (dueAt !== undefined && next.again === true && !this.#probe) return this.#layDown(dueAt, 'back-off');
      // The circuit was closed meanwhile, and it waits for its time; or others before it have not been attempted yet.
      if (dueAt !== undefined) break;
    }
    return this.#layDown(this.#parts.now(), reason);
  }

  /** Not everything before has been looked at, and what stands in two places hides what is in between: a lane that is opened was read from its head. */
  #beginAnew(): 'anew' {
    this.#failing.clear();
    this.#position = 0;
    return 'anew';
  }

  /** Behind the last delivery. */
  async #finish(): Promise<LaneEnd | 'more'> {
    if (!this.#failing.isEmpty()) return this.#waitForFailing();
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
    const tried = this.#failing.triedTo(this.#position);
    const dueAt = tried?.dueAt ?? this.#parts.now();
    const waitMs = Math.max(dueAt.getTime() - this.#parts.now().getTime(), 1);
    return waitMs <= longestQueueWaitMs ? { kind: 'waits', waitMs, reason: 'back-off', tried } : this.#layDown(dueAt, 'back-off', tried);
  }

  #waits(waitMs: number, reason: string): LaneEnd {
    return { kind: 'waits', waitMs, reason, tried: this.#failing.triedTo(this.#position) };
  }

  async #layDown(dueAt: Date, reason: ParkReason, tried?: TriedPart): Promise<LaneEnd> {
    return (await this.#parts.lanes.release(this.#lane, { dueAt, reason, tried })) ? { kind: 'laid-down' } : { kind: 'lost' };
  }
}
