import type { DeliveryQueue } from '../delivery/delivery-queue.ts';
import type { DeliveryStore } from '../delivery/delivery.ts';
import type { LaneQueue, LaneStore } from '../delivery/lane-store.ts';
import type { OrgRegistry, OrgSenders } from '../orgs/org-registry.ts';
import type { QuarantineIndex } from '../quarantine/quarantine.ts';
import type { ReplayQueue, ReplayStore } from '../replay/replay.ts';
import type { CreateSubscriptionParts } from '../subscriptions/create-subscription.ts';
import type { SubscriptionStore } from '../subscriptions/subscription.ts';
import type { AdminOutcome } from './admin-outcome.ts';
import type { AdminRequest } from './admin-request.ts';
import type { Authorisation } from './authorisation.ts';

/** What the admin API works with. */
export interface AdminParts extends Omit<CreateSubscriptionParts, 'store'> {
  readonly authorisation: Authorisation;
  readonly subscriptions: Pick<SubscriptionStore, 'create' | 'list' | 'find' | 'change' | 'setStatus' | 'setRecovery'>;
  readonly deliveries: Pick<DeliveryStore, 'list' | 'find' | 'letter'>;
  /** Of deliveries that are parked. */
  readonly lanes: Pick<LaneStore, 'find' | 'hasten'>;
  /** For test events, and for dead letters that are sent again. */
  readonly queues: Readonly<Record<LaneQueue, DeliveryQueue>>;
  readonly quarantine: QuarantineIndex;
  readonly replays: Pick<ReplayStore, 'create' | 'list' | 'find'>;
  readonly replayQueue: ReplayQueue;
  readonly orgs: OrgRegistry;
  readonly orgSenders: OrgSenders;
  /** A uuid. */
  readonly newEventId: () => string;
}

export interface CallInput {
  readonly request: AdminRequest;
  /** What stands in the path for the route's `{…}`; empty on routes without one. */
  readonly name: string;
}

/** One call of the API, its caller allowed already. @throws RelayError of the stores it asks. */
export type AdminCall = (input: CallInput, parts: AdminParts) => Promise<AdminOutcome>;
