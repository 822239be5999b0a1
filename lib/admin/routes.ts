import type { AdminCall } from './admin-call.ts';
import { getDeliveryCall, listDeliveriesCall, redeliverCall } from './delivery-calls.ts';
import {
  changeOrgCall,
  createOrgCall,
  deleteOrgCall,
  getOrgCall,
  listOrgHooksCall,
  listOrgsCall,
  rotateHookSecretCall,
} from './org-calls.ts';
import { subscriptionKeysCall } from './jwks-calls.ts';
import { listQuarantineCall } from './quarantine-calls.ts';
import { createReplayCall, getReplayCall, listReplaysCall } from './replay-calls.ts';
import { rotateSubscriptionSecretCall } from './rotate-calls.ts';
import {
  changeSubscriptionCall,
  createSubscriptionCall,
  deleteSubscriptionCall,
  getSubscriptionCall,
  listSubscriptionsCall,
} from './subscription-calls.ts';
import {
  cancelRecoveryCall,
  pauseSubscriptionCall,
  recoverSubscriptionCall,
  resumeSubscriptionCall,
  testSubscriptionCall,
} from './subscription-life-calls.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** A part in braces stands for any one non-empty part of a path. */
  readonly path: `/v1/${string}`;
  readonly call: AdminCall;
  /** Answered to everybody: it tells nothing that a stranger may not know. */
  readonly open?: true;
}

/** The whole admin API. docs/api.md describes each row; a test holds the two against one another. */
export const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/subscriptions', call: createSubscriptionCall },
  { method: 'GET', path: '/v1/subscriptions', call: listSubscriptionsCall },
  { method: 'GET', path: '/v1/subscriptions/{id}', call: getSubscriptionCall },
  { method: 'PATCH', path: '/v1/subscriptions/{id}', call: changeSubscriptionCall },
  { method: 'DELETE', path: '/v1/subscriptions/{id}', call: deleteSubscriptionCall },
  { method: 'POST', path: '/v1/subscriptions/{id}/pause', call: pauseSubscriptionCall },
  { method: 'POST', path: '/v1/subscriptions/{id}/resume', call: resumeSubscriptionCall },
  { method: 'POST', path: '/v1/subscriptions/{id}/test', call: testSubscriptionCall },
  { method: 'POST', path: '/v1/subscriptions/{id}/recover', call: recoverSubscriptionCall },
  { method: 'DELETE', path: '/v1/subscriptions/{id}/recover', call: cancelRecoveryCall },
  { method: 'POST', path: '/v1/subscriptions/{id}/rotate-secret', call: rotateSubscriptionSecretCall },
  { method: 'GET', path: '/v1/subscriptions/{id}/jwks.json', call: subscriptionKeysCall, open: true },
  { method: 'GET', path: '/v1/deliveries', call: listDeliveriesCall },
  { method: 'GET', path: '/v1/deliveries/{id}', call: getDeliveryCall },
  { method: 'POST', path: '/v1/deliveries/{id}/redeliver', call: redeliverCall },
  { method: 'GET', path: '/v1/quarantine', call: listQuarantineCall },
  { method: 'POST', path: '/v1/replays', call: createReplayCall },
  { method: 'GET', path: '/v1/replays', call: listReplaysCall },
  { method: 'GET', path: '/v1/replays/{id}', call: getReplayCall },
  { method: 'POST', path: '/v1/orgs', call: createOrgCall },
  { method: 'GET', path: '/v1/orgs', call: listOrgsCall },
  { method: 'GET', path: '/v1/orgs/{id}', call: getOrgCall },
  { method: 'PATCH', path: '/v1/orgs/{id}', call: changeOrgCall },
  { method: 'DELETE', path: '/v1/orgs/{id}', call: deleteOrgCall },
  { method: 'POST', path: '/v1/orgs/{id}/rotate-secret', call: rotateHookSecretCall },
  { method: 'GET', path: '/v1/orgs/{id}/hooks', call: listOrgHooksCall },
];
