import { randomUUID } from 'node:crypto';
import { Circuits } from '#lib/pacing/circuits.ts';
import { FailureWindow } from '#lib/pacing/failure-window.ts';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver, type DeliverReport, type ReceivedMessage } from '#lib/lanes/deliver.ts';
import type { Delivery, DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { ReleaseMessage } from '#lib/delivery/release-message.ts';
import type { WebhookAnswer, WebhookRequest } from '#lib/webhooks/webhook-sender.ts';
import type { QuarantineEntry } from '#lib/quarantine/quarantine.ts';
import { InMemorySubscriptionStore } from '../subscriptions/in-memory-subscription-store.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { payrollId } from '../delivery/delivery-message.ts';
import { InMemoryDeliveryStore } from '../delivery/in-memory-delivery-store.ts';
import { InMemoryLaneStore, LaneRows } from '../delivery/in-memory-lane-store.ts';
import { InMemoryStaleGuard } from './in-memory-stale-guard.ts';

export const signingSecret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const startedAt = Date.parse('2026-11-22T06:00:00.000Z');

export const answered = (status: number, retryAfter: string | null = null): WebhookAnswer => ({
  kind: 'answered',
  status,
  retryAfter,
  latencyMs: 12,
});

/** Ports in memory around the real use-case, and a clock that only moves when told. */
export class DeliverHarness {
  nowMs = startedAt;
  answer: (request: WebhookRequest) => WebhookAnswer | Promise<WebhookAnswer> = () => answered(204);
  readonly sent: WebhookRequest[] = [];
  readonly removed: string[] = [];
  readonly visibility: { readonly handle: string; readonly seconds: number }[] = [];
  readonly quarantined: QuarantineEntry[] = [];
  readonly subscriptions = new InMemorySubscriptionStore();
  readonly laneRows = new LaneRows();
  readonly lanes = new InMemoryLaneStore({ rows: this.laneRows });
  readonly measured: { readonly name: string; readonly value: number; readonly subscription: string | undefined }[] = [];
  readonly store = new InMemoryDeliveryStore({ now: () => new Date(this.nowMs) });
  readonly guard = new InMemoryStaleGuard();
  #leases = 0;
  readonly #circuits = new Circuits({
    store: this.subscriptions,
    window: new FailureWindow(),
    metrics: { count: (name, value, { Subscription: subscription }) => void this.measured.push({ name, value, subscription }) },
    forget: () => undefined,
    newEventId: () => randomUUID(),
  });

  constructor() {
    void this.subscriptions.create(storedSubscription(1, { id: payrollId }));
  }

  parts(replacing: Partial<DeliverParts> = {}): DeliverParts {
    return {
      queue: 'deliveries',
      store: this.store,
      lanes: this.lanes,
      guard: this.guard,
      subscriptions: this.subscriptions,
      circuits: this.#circuits,
      limiter: { enter: () => Promise.resolve({ kind: 'open', leave: () => undefined }) },
      metrics: {
        count: (name, value = 1, dimensions) => void this.measured.push({ name, value, subscription: dimensions?.Subscription }),
        time: (name, value, { Subscription: subscription }) => void this.measured.push({ name, value, subscription }),
      },
      secrets: { open: () => Promise.resolve(signingSecret) },
      sender: {
        send: (request) => {
          this.sent.push(request);
          return Promise.resolve(this.answer(request));
        },
      },
      visibility: {
        change: (handle, seconds) => {
          this.visibility.push({ handle, seconds });
          return Promise.resolve();
        },
      },
      removal: {
        remove: (handle) => {
          this.removed.push(handle);
          return Promise.resolve();
        },
      },
      patienceMs: 1_000,
      quarantine: {
        keep: (entry) => {
          this.quarantined.push(entry);
          return Promise.resolve();
        },
      },
      now: () => new Date(this.nowMs),
      random: () => 0,
      newLease: () => `lease-${(this.#leases += 1)}`,
      attemptTimeoutMs: 15_000,
      ...replacing,
    };
  }

  /** One batch, with time enough for all of it. */
  run(messages: readonly ReceivedMessage[], replacing: Partial<DeliverParts> = {}): Promise<DeliverReport> {
    return deliver(this.parts(replacing), messages, () => 60_000);
  }

  recordOf(change: string): Delivery | undefined {
    return [...this.store.rows.values()].find((row) => row.change === change);
  }

  /** What sweep does, for one subscription: the releases of its lanes that are due, as messages. */
  async releases(): Promise<ReceivedMessage[]> {
    const due = await this.lanes.due(payrollId, new Date(this.nowMs), 100);
    const tokens = due.map((lane) => ({ lane, token: `token-${(this.#leases += 1)}` }));
    for (const { lane, token } of tokens) await this.lanes.issue(lane, { token, lostAt: new Date(this.nowMs + 600_000) });
    return tokens.map(({ lane, token }) =>
      received(token, lane.group, { v: 1, release: { token, subscription: payrollId, probe: false } }),
    );
  }

  sentIds(): string[] {
    return this.sent.map(({ headers }) => headers['webhook-id'] ?? '');
  }
}

/** A message as SQS would hand it out: `id` names message and receipt. */
export function received(
  id: string,
  groupId: string,
  message: DeliveryMessage | ReleaseMessage | string,
  receiveCount = 1,
): ReceivedMessage {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  return { messageId: id, receiptHandle: `handle-${id}`, groupId, body, receiveCount };
}

/** A delivery in the lane `g`; a repeat is another message. */
export function inLane(message: DeliveryMessage, receiveCount = 1): ReceivedMessage {
  return received(`${message.change.id}-${receiveCount}`, 'g', message, receiveCount);
}

/** The same object, but for some calls that go another way. */
export function withCalls<T extends object>(object: T, calls: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const own: unknown = Reflect.get(calls, name) ?? Reflect.get(target, name);
      // Bound to the object itself, whose private members the proxy does not have.
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
}
