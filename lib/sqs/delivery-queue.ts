import type { RelayError } from '../errors.ts';
import type { DeliveryQueue, QueuedDelivery, QueuedRelease } from '../delivery/delivery-queue.ts';
import type { SQSClient } from './client.ts';
import { escapeBody } from './escape-body.ts';
import { packCalls } from './pack-calls.ts';
import { sendCall, type SendEntry, type Verdict } from './send-call.ts';

/** SQS's limit for one message. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const maxMessageBytes = 1_048_576;
/** Calls at once: a dozen partitions send at the same time, and the SDK opens 50 sockets at most. */
const maxCalls = 4;

interface Options {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly now: () => Date;
  /** No call is begun later than this after `send`; what is left was not sent. The last one ends within the client's own time limits. */
  readonly budgetMs: number;
}

/**
 * DeliveryQueue on SQS. Works in rounds: the first waiting delivery of every lane, in as few calls as they fit into, and the next
 * round only when all of them are settled. So no call holds two of a lane and a lane is never ahead of itself.
 * @throws RelayError DELIVERY_QUEUE_UNAVAILABLE when calls failed as a whole and SQS took nothing: the cause would be lost otherwise.
 */
export function sqsDeliveryQueue(options: Options): DeliveryQueue {
  return {
    async send(deliveries) {
      const sending = new Sending(deliveries);
      const deadlineMs = options.now().getTime() + options.budgetMs;
      const late = () => options.now().getTime() >= deadlineMs;
      for (let calls = sending.nextRound(); calls.length > 0 && !late(); calls = sending.nextRound()) {
        // Workers share one iterator: each takes the next call when its own is settled.
        const waiting = calls.values();
        const work = async () => {
          for (const call of waiting) {
            if (late()) return;
            sending.settle(await sendCall(options, call));
          }
        };
        await Promise.all(Array.from({ length: maxCalls }, work));
      }
      return sending.outcome();
    },
  };
}

class Sending {
  readonly #deliveries: readonly (QueuedDelivery | QueuedRelease)[];
  /** Indexes that wait, by lane, in order. */
  readonly #lanes: Map<string, number[]>;
  readonly #refused: { index: number; detail: string }[] = [];
  readonly #notSent: number[] = [];
  #taken = 0;
  #failure: RelayError | undefined;

  constructor(deliveries: readonly (QueuedDelivery | QueuedRelease)[]) {
    this.#deliveries = deliveries;
    this.#lanes = Map.groupBy(deliveries.keys(), (index) => deliveries[index]?.groupId ?? '');
  }

  /** Bodies are made for one round at a time, not for all deliveries at once. */
  nextRound(): SendEntry[][] {
    return packCalls([...this.#lanes.values()].flatMap((lane) => this.#head(lane) ?? []));
  }

  settle(result: { verdicts: ReadonlyMap<number, Verdict>; failure?: RelayError }): void {
    this.#failure ??= result.failure;
    for (const [index, verdict] of result.verdicts) {
      const groupId = this.#deliveries[index]?.groupId ?? '';
      const lane = this.#lanes.get(groupId) ?? [];
      if (verdict.kind === 'not-taken') {
        this.#notSent.push(...lane);
        this.#lanes.delete(groupId);
        continue;
      }
      if (verdict.kind === 'refused') this.#refused.push({ index, detail: verdict.detail });
      else this.#taken += 1;
      lane.shift();
      if (lane.length === 0) this.#lanes.delete(groupId);
    }
  }

  outcome(): Awaited<ReturnType<DeliveryQueue['send']>> {
    if (this.#failure !== undefined && this.#taken === 0 && this.#refused.length === 0) throw this.#failure;
    const notSent = [...this.#notSent, ...[...this.#lanes.values()].flat()];
    return { notSent: notSent.sort((a, b) => a - b), refused: this.#refused.sort((a, b) => a.index - b.index) };
  }

  /** The lane's first delivery that SQS can be asked to take; those before it that it never would are refused. */
  #head(lane: number[]): SendEntry | undefined {
    for (let index = lane[0]; index !== undefined; index = lane[0]) {
      const entry = entryOf(this.#deliveries, index);
      if (typeof entry !== 'string') return entry;
      this.#refused.push({ index, detail: entry });
      lane.shift();
    }
    return undefined;
  }
}

/** The entry, or why there can be none. */
function entryOf(deliveries: readonly (QueuedDelivery | QueuedRelease)[], index: number): SendEntry | string | undefined {
  const delivery = deliveries[index];
  if (delivery === undefined) return undefined;
  const { groupId, deduplicationId } = delivery;
  let body: string;
  try {
    body = escapeBody(JSON.stringify(delivery.message));
  } catch {
    // JSON.stringify recurses and gives up on what JSON.parse could still read: the content is at fault, now and at every retry.
    return 'The message is nested too deep to be written as JSON';
  }
  const bytes = Buffer.byteLength(body, 'utf8');
  if (bytes > maxMessageBytes) return `The message has ${bytes} bytes, SQS takes ${maxMessageBytes}`;
  return { index, groupId, deduplicationId, body, bytes };
}
