import { deliver } from '#lib/lanes/deliver.ts';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import type { QueuedDelivery, QueuedRelease } from '#lib/delivery/delivery-queue.ts';
import type { LaneQueue } from '#lib/delivery/lane-store.ts';
import { RelayError } from '#lib/errors.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { expectRemoval } from './expect-soon.ts';
import { Faults } from './faults.ts';
import { History, nameOf } from './history.ts';
import { subscriptionOf } from './messages.ts';
import { nextSweepMs } from './next-sweep.ts';
import { observedStores, type SharedStores } from './observed-stores.ts';
import { instanceParts, type InstanceWorld } from './relay-instance.ts';
import { RelayProcess } from './relay-process.ts';
import { runSweep } from './run-sweep.ts';
import type { Script } from './script.ts';
import { SimulatedQueue } from './simulated-queue.ts';
import { chanceOf, VirtualTime } from './virtual-time.ts';

interface Instance {
  readonly queue: LaneQueue;
  process: RelayProcess;
  parts: DeliverParts;
  /** Infinity: it has nothing to do. */
  busySinceMs: number;
}

/** Puts a bug of its own in the place of some of the calls. */
export type Plant = (stores: SharedStores) => SharedStores;

const minuteMs = 60_000;
/** Also where they come each minute, sweeps are left out while nothing is to be swept for so long. */
const leftOutMs = 2 * 60 * minuteMs;
/** Of Lambda, for one batch. */
const invocationMs = 60_000;
const instanceQueues: readonly LaneQueue[] = ['deliveries', 'deliveries', 'deliveries', 'replayDeliveries', 'replayDeliveries'];
/** Far more than any script takes; beyond it, something goes round for ever. */
const mostSteps = 30_000;
/** From the end of the script; everything is due within seven days. */
const longestMs = 20 * 24 * 60 * minuteMs;

/** Queues, instances and sweeps around the real code, in virtual time, with whatever the script has go wrong. */
export class Simulation {
  readonly time = new VirtualTime();
  readonly history = new History();
  readonly observed = observedStores(this.time, this.history);
  readonly stores: SharedStores;
  readonly faults = new Faults(this.time, this.observed.laneRows);
  readonly queues = { deliveries: this.#queue('deliveries'), replayDeliveries: this.#queue('replayDeliveries') };
  readonly subscriptions: readonly Subscription[];
  /** Batches of which the queue will hear nothing. */
  lostBatches = 0;
  readonly sweeps: Script['sweeps'];
  readonly #world: InstanceWorld;
  readonly #instances: readonly Instance[];
  #names = 0;
  #nextSweepMs: number;

  constructor({ seed, subscriptions, sweeps }: Pick<Script, 'seed' | 'subscriptions' | 'sweeps'>, plant: Plant = (stores) => stores) {
    this.stores = plant(this.observed.stores);
    this.subscriptions = subscriptions.map((setting, index) => subscriptionOf(index + 1, setting));
    for (const subscription of this.subscriptions) void this.stores.subscriptions.create(subscription);
    const { time, history, queues, faults, stores } = this;
    const tell = (line: string): void => this.tell(line);
    const newName = (): string => `n${(this.#names += 1)}`;
    const interrupted = (): void => history.interrupt(time.nowMs);
    const { removalIn, scheduleOf } = this.observed;
    this.#world = { time, history, queues, faults, stores, chance: chanceOf(seed), tell, interrupted, newName, removalIn, scheduleOf };
    this.#instances = instanceQueues.map((queue) => ({ queue, ...this.#fresh(queue) }));
    this.#nextSweepMs = time.nowMs + minuteMs;
    this.sweeps = sweeps;
  }

  tell(line: string): void {
    this.history.tell(this.time.nowMs, line);
  }

  /** Until then, whatever happens. */
  async runFor(ms: number): Promise<void> {
    const untilMs = this.time.nowMs + ms;
    // So that there is something to go to.
    this.time.at(untilMs, () => undefined);
    while (this.time.nowMs < untilMs) await this.#step();
  }

  /** Until nothing is owed, or for too long. Answers whether it came to an end. */
  async runOut(): Promise<boolean> {
    const untilMs = this.time.nowMs + longestMs;
    for (let steps = 0; steps < mostSteps && this.time.nowMs < untilMs; steps += 1) {
      const isOver = !(await this.#step());
      if (isOver) return true;
    }
    return false;
  }

  /** The next thing that happens; false: nothing will. */
  async #step(): Promise<boolean> {
    this.#poll();
    const { deliveries, replayDeliveries } = this.queues;
    const nextMs = Math.min(this.time.nextMs, deliveries.nextMs, replayDeliveries.nextMs);
    if (nextMs >= this.#nextSweepMs) {
      const neededMs = nextSweepMs(this.observed.laneRows, await this.observed.stores.subscriptions.all());
      const sweepMs = this.sweeps === 'each-minute' && neededMs < this.#nextSweepMs + leftOutMs ? 0 : neededMs;
      const atMs = this.#nextSweepMs + Math.max(0, Math.ceil((sweepMs - this.#nextSweepMs) / minuteMs)) * minuteMs;
      if (sweepMs < Infinity && atMs <= nextMs) return this.#sweepAt(atMs);
      // Nothing is to be swept before the next event: the first tick after it is the next one to be looked at.
      if (nextMs < Infinity) this.#nextSweepMs += Math.ceil((nextMs - this.#nextSweepMs) / minuteMs) * minuteMs;
    }
    if (nextMs === Infinity) return false;
    if (nextMs < this.time.nextMs) this.time.goTo(nextMs);
    else await this.time.step();
    return true;
  }

  /** Not waited for: when it takes longer than to the next, there are two at once. */
  #sweepAt(atMs: number): true {
    this.time.goTo(atMs);
    this.#nextSweepMs = atMs + minuteMs;
    void runSweep(this.#world, new RelayProcess(`sweep-${(this.#names += 1)}`, this.#world));
    return true;
  }

  #poll(): void {
    const offset = this.#world.chance(instanceQueues.length);
    for (let index = 0; index < this.#instances.length; index += 1) {
      const instance = this.#instances[(index + offset) % this.#instances.length];
      if (instance === undefined) continue;
      // What was killed, or stopped for longer than it may run, is replaced by another.
      const isOver = instance.busySinceMs < this.time.nowMs - invocationMs - 30_000;
      if (isOver && (instance.process.isDead || instance.process.isStopped())) Object.assign(instance, this.#fresh(instance.queue));
      if (instance.busySinceMs < Infinity) continue;
      const batch = this.queues[instance.queue].receive(1 + this.#world.chance(10));
      if (batch.length > 0) void this.#work(instance, batch);
    }
  }

  async #work(instance: Instance, batch: Parameters<typeof deliver>[1]): Promise<void> {
    const { process, parts, queue } = instance;
    const endsMs = this.time.nowMs + invocationMs;
    instance.busySinceMs = this.time.nowMs;
    const report = await deliver(parts, batch, () => endsMs - this.time.nowMs);
    for (const error of report.errors) if (!(error instanceof RelayError)) this.history.unexpected.push(String(error));
    await process.pass(1);
    if (this.lostBatches > 0) {
      this.lostBatches -= 1;
      this.history.interrupt(this.time.nowMs);
    } else {
      const owed = new Set(report.failures);
      for (const { messageId, receiptHandle } of batch) if (!owed.has(messageId)) void this.queues[queue].remove(receiptHandle);
    }
    if (instance.process === process) instance.busySinceMs = Infinity;
  }

  #fresh(queue: LaneQueue): Pick<Instance, 'process' | 'parts' | 'busySinceMs'> {
    const process = new RelayProcess(`${queue.slice(0, 1)}${(this.#names += 1)}`, this.#world);
    return { process, parts: instanceParts(this.#world, process, queue), busySinceMs: Infinity };
  }

  #queue(name: LaneQueue): SimulatedQueue {
    return new SimulatedQueue(this.time, (queued: QueuedDelivery | QueuedRelease) => {
      if ('release' in queued.message) return this.tell(`release of ${queued.groupId.slice(0, 4)}`);
      this.tell(`${nameOf(queued.message)} comes, lane ${queued.groupId.slice(0, 4)} (${queued.message.change.sequence.slice(11, 13)})`);
      const isRepeat = this.history.accepted.has(queued.message.delivery);
      this.history.accept(`${name} ${queued.groupId}`, queued.message);
      // A repeat waits for the time that its record says.
      if (!isRepeat) void expectRemoval(this, queued.message);
    });
  }
}
