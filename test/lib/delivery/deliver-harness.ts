import type { DeliverParts } from '#lib/delivery/deliver-parts.ts';
import type { ReceivedMessage } from '#lib/delivery/deliver.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { WebhookAnswer, WebhookRequest } from '#lib/delivery/webhook-sender.ts';
import type { QuarantineEntry } from '#lib/quarantine/quarantine.ts';
import type { Subscription, SubscriptionId } from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { payrollId } from './delivery-message.ts';
import { InMemoryDeliveryStore } from './in-memory-delivery-store.ts';
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
  readonly disabled: SubscriptionId[] = [];
  readonly subscriptions = new Map<string, Subscription>([[payrollId, storedSubscription(1, { id: payrollId })]]);
  readonly store = new InMemoryDeliveryStore({ now: () => new Date(this.nowMs) });
  readonly guard = new InMemoryStaleGuard();
  #leases = 0;

  parts(replacing: Partial<DeliverParts> = {}): DeliverParts {
    return {
      store: this.store,
      guard: this.guard,
      subscriptions: {
        find: (id) => Promise.resolve(this.subscriptions.get(id)),
        disable: (id) => {
          this.disabled.push(id);
          return Promise.resolve();
        },
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

  sentIds(): string[] {
    return this.sent.map(({ headers }) => headers['webhook-id'] ?? '');
  }
}

/** A message as SQS would hand it out: `id` names message and receipt. */
export function received(id: string, groupId: string, message: DeliveryMessage | string): ReceivedMessage {
  return { messageId: id, receiptHandle: `handle-${id}`, groupId, body: typeof message === 'string' ? message : JSON.stringify(message) };
}
