import type { ReceivedMessage } from '#lib/lanes/deliver.ts';
import type { DeliveryQueue, MessageRemoval, MessageVisibility, QueuedDelivery, QueuedRelease } from '#lib/delivery/delivery-queue.ts';
import type { VirtualTime } from './virtual-time.ts';

type Queued = QueuedDelivery | QueuedRelease;

interface Entry {
  readonly messageId: string;
  readonly groupId: string;
  readonly body: string;
  receiptHandle: string;
  receiveCount: number;
  visibleAtMs: number;
}

/** SQS remembers a deduplication id for so long, also when its message is deleted. */
const rememberedMs = 5 * 60_000;
/** As the stack sets it: six times the function's timeout of a minute. */
export const visibilityTimeoutMs = 360_000;

/**
 * A FIFO queue as SQS documents it: groups in order, nothing of a group while one of its messages is in flight, deduplication for five minutes, and
 * what is not deleted in time shows itself again.
 */
export class SimulatedQueue implements DeliveryQueue, MessageVisibility, MessageRemoval {
  readonly #time: VirtualTime;
  readonly #accepted: (message: Queued) => void;
  #entries: Entry[] = [];
  readonly #seen = new Map<string, number>();
  #count = 0;

  constructor(time: VirtualTime, accepted: (message: Queued) => void) {
    this.#time = time;
    this.#accepted = accepted;
  }

  get size(): number {
    return this.#entries.length;
  }

  send(messages: readonly Queued[]): ReturnType<DeliveryQueue['send']> {
    for (const queued of messages) {
      if ((this.#seen.get(queued.deduplicationId) ?? -Infinity) > this.#time.nowMs - rememberedMs) continue;
      this.#seen.set(queued.deduplicationId, this.#time.nowMs);
      this.#accepted(queued);
      const messageId = `m${(this.#count += 1)}`;
      const body = JSON.stringify(queued.message);
      this.#entries.push({ messageId, groupId: queued.groupId, body, receiptHandle: '', receiveCount: 0, visibleAtMs: this.#time.nowMs });
    }
    return Promise.resolve({ notSent: [], refused: [] });
  }

  receive(limit: number): ReceivedMessage[] {
    const now = this.#time.nowMs;
    const blocked = new Set(this.#entries.filter(({ visibleAtMs }) => visibleAtMs > now).map(({ groupId }) => groupId));
    const batch = this.#entries.filter(({ groupId }) => !blocked.has(groupId)).slice(0, limit);
    for (const entry of batch) {
      entry.receiveCount += 1;
      entry.receiptHandle = `${entry.messageId}#${entry.receiveCount}`;
      this.#hide(entry, visibilityTimeoutMs);
    }
    return batch.map(({ visibleAtMs: _, ...message }) => message);
  }

  /** A receipt that is out of date changes nothing, and is no error: see lib/sqs/message-visibility.ts. */
  change(receiptHandle: string, seconds: number): Promise<void> {
    const entry = this.#entries.find((one) => one.receiptHandle === receiptHandle && one.visibleAtMs > this.#time.nowMs);
    if (entry !== undefined) this.#hide(entry, seconds * 1_000);
    return Promise.resolve();
  }

  remove(receiptHandle: string): Promise<void> {
    this.#entries = this.#entries.filter((one) => one.receiptHandle !== receiptHandle || one.visibleAtMs <= this.#time.nowMs);
    return Promise.resolve();
  }

  /** When the next message shows itself; Infinity: none is hidden. */
  get nextMs(): number {
    return Math.min(Infinity, ...this.#entries.map(({ visibleAtMs }) => visibleAtMs).filter((atMs) => atMs > this.#time.nowMs));
  }

  #hide(entry: Entry, forMs: number): void {
    entry.visibleAtMs = this.#time.nowMs + forMs;
  }
}
