import type { Quarantine } from '../quarantine/quarantine.ts';
import type { SealContext } from '../sealing/data-keys.ts';
import type { SealedSecret } from '../sealing/sealed-secret.ts';
import type { Subscription, SubscriptionId } from '../subscriptions/subscription.ts';
import type { Circuits } from '../pacing/circuits.ts';
import type { DeliveryMetrics } from './delivery-metrics.ts';
import type { MessageRemoval, MessageVisibility } from '../delivery/delivery-queue.ts';
import type { DeliveryStore } from '../delivery/delivery.ts';
import type { LaneQueue, LaneStore } from '../delivery/lane-store.ts';
import type { Limiter } from '../pacing/limiter.ts';
import type { StaleGuard } from './stale-guard.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';

/** What delivering needs; brought by the wiring, or by a test. */
export interface DeliverParts {
  /** Where the batch comes from. */
  readonly queue: LaneQueue;
  readonly store: DeliveryStore;
  readonly lanes: LaneStore;
  readonly guard: StaleGuard;
  readonly subscriptions: SubscriptionLookup;
  readonly circuits: Pick<Circuits, 'admit' | 'noteAttempt' | 'gone' | 'exhausted'>;
  readonly limiter: Limiter;
  readonly secrets: SecretOpener;
  readonly sender: WebhookSender;
  readonly visibility: MessageVisibility;
  readonly removal: MessageRemoval;
  readonly quarantine: Quarantine;
  readonly metrics: DeliveryMetrics;
  readonly now: () => Date;
  /** In [0, 1). */
  readonly random: () => number;
  /** A name for one claim, parking or token that nothing else ever has. */
  readonly newLease: () => string;
  /** Time one attempt may take, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** How long what is final waits for the rest of its batch, in milliseconds. */
  readonly patienceMs: number;
}

export interface SubscriptionLookup {
  /**
   * At most five seconds old. `undefined` cancels the delivery, so it must mean "deleted", never "not seen yet".
   * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE
   */
  find(id: SubscriptionId): Promise<Subscription | undefined>;
}

/** @throws RelayError KEY_UNAVAILABLE, SECRET_UNREADABLE */
export interface SecretOpener {
  open(sealed: SealedSecret, context: SealContext): Promise<string>;
}
