import type { AdminCall } from './admin-call.ts';
import { listDeliveriesCall } from './delivery-calls.ts';
import { listQuarantineCall } from './quarantine-calls.ts';
import { createReplayCall, getReplayCall, listReplaysCall } from './replay-calls.ts';
import { createSubscriptionCall, getSubscriptionCall, listSubscriptionsCall } from './subscription-calls.ts';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** A part in braces stands for any one non-empty part of a path. */
  readonly path: `/v1/${string}`;
  readonly call: AdminCall;
}

/** The whole admin API. docs/api.md describes each row; a test holds the two against one another. */
export const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/subscriptions', call: createSubscriptionCall },
  { method: 'GET', path: '/v1/subscriptions', call: listSubscriptionsCall },
  { method: 'GET', path: '/v1/subscriptions/{id}', call: getSubscriptionCall },
  { method: 'GET', path: '/v1/deliveries', call: listDeliveriesCall },
  { method: 'GET', path: '/v1/quarantine', call: listQuarantineCall },
  { method: 'POST', path: '/v1/replays', call: createReplayCall },
  { method: 'GET', path: '/v1/replays', call: listReplaysCall },
  { method: 'GET', path: '/v1/replays/{id}', call: getReplayCall },
];
