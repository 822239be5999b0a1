import type { DeliveryStore } from '../delivery/delivery.ts';
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
  readonly subscriptions: Pick<SubscriptionStore, 'create' | 'list' | 'find'>;
  readonly deliveries: Pick<DeliveryStore, 'list'>;
  readonly quarantine: QuarantineIndex;
  readonly replays: Pick<ReplayStore, 'create' | 'list' | 'find'>;
  readonly replayQueue: ReplayQueue;
}

export interface CallInput {
  readonly request: AdminRequest;
  /** What stands in the path for the route's `{…}`; empty on routes without one. */
  readonly name: string;
}

/** One call of the API, its caller allowed already. @throws RelayError of the stores it asks. */
export type AdminCall = (input: CallInput, parts: AdminParts) => Promise<AdminOutcome>;
