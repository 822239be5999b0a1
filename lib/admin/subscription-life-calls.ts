import { beginRecovery } from '../delivery/begin-recovery.ts';
import { cancelRecovery } from '../delivery/cancel-recovery.ts';
import { sendTestEvent } from '../delivery/test-event.ts';
import type { MoveOutcome } from '../subscriptions/move-subscription.ts';
import { pauseSubscription } from '../subscriptions/pause-subscription.ts';
import { resumeSubscription } from '../subscriptions/resume-subscription.ts';
import { subscriptionIdSchema, type Subscription } from '../subscriptions/subscription.ts';
import type { AdminCall } from './admin-call.ts';
import type { AdminOutcome } from './admin-outcome.ts';
import { readCallBody, refuseFields } from './call-body.ts';
import { recoveryView, subscriptionView } from './subscription-view.ts';

export const pauseSubscriptionCall: AdminCall = async ({ request, name }, parts) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const body = readCallBody(request, { required: false });
  if (body.kind !== 'read') return body;
  const outcome = await pauseSubscription(body.value, id.data, parts);
  return outcome.kind === 'invalid' ? outcome : moved(outcome);
};

export const resumeSubscriptionCall: AdminCall = async ({ request, name }, parts) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  return refuseFields(request, 'a resumption') ?? moved(await resumeSubscription(id.data, parts));
};

export const testSubscriptionCall: AdminCall = async ({ request, name }, { subscriptions, queues, now, newEventId }) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const refused = refuseFields(request, 'a test');
  if (refused !== undefined) return refused;
  const outcome = await sendTestEvent(id.data, { subscriptions, queue: queues.deliveries, now, newEventId });
  if (outcome.kind === 'unknown') return { kind: 'not-found' };
  if (outcome.kind === 'refused') return { kind: 'conflict', detail: resumeFirst(outcome.status) };
  const { delivery, change } = outcome;
  return { kind: 'accepted', location: `/v1/deliveries/${delivery}`, body: { id: delivery, change } };
};

export const recoverSubscriptionCall: AdminCall = async ({ request, name }, parts) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const body = readCallBody(request, { required: true });
  if (body.kind !== 'read') return body;
  const outcome = await beginRecovery(body.value, id.data, parts);
  switch (outcome.kind) {
    case 'begun':
      return { kind: 'accepted', location: `/v1/subscriptions/${id.data}`, body: recoveryView(outcome.recovery) };
    case 'invalid':
      return outcome;
    case 'unknown':
      return { kind: 'not-found' };
    case 'running':
      return { kind: 'conflict', detail: 'A recovery of this subscription is not done; the subscription shows how far it is' };
    case 'disabled':
      return { kind: 'conflict', detail: resumeFirst('disabled') };
  }
};

export const cancelRecoveryCall: AdminCall = async ({ request, name }, parts) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const refused = refuseFields(request, 'a cancellation');
  if (refused !== undefined) return refused;
  return (await cancelRecovery(id.data, parts)) === 'cancelled' ? { kind: 'done' } : { kind: 'not-found' };
};

function moved(outcome: MoveOutcome): AdminOutcome {
  if (outcome.kind === 'unknown') return { kind: 'not-found' };
  if (outcome.kind === 'refused') return { kind: 'conflict', detail: resumeFirst(outcome.status) };
  return { kind: 'found', body: subscriptionView(outcome.subscription) };
}

function resumeFirst(status: Subscription['status']): string {
  return `The subscription is ${status}: resume it first`;
}
