import { changeSubscription } from '../subscriptions/change-subscription.ts';
import { createSubscription } from '../subscriptions/create-subscription.ts';
import { deleteSubscription } from '../subscriptions/delete-subscription.ts';
import { findShown } from '../subscriptions/find-shown.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import type { AdminCall } from './admin-call.ts';
import { readCallBody, refuseFields } from './call-body.ts';
import { badCursor, readQuery } from './query.ts';
import { subscriptionView } from './subscription-view.ts';

export const createSubscriptionCall: AdminCall = async ({ request }, parts) => {
  const body = readCallBody(request, { required: true });
  if (body.kind !== 'read') return body;
  const outcome = await createSubscription(body.value, { ...parts, store: parts.subscriptions });
  if (outcome.kind === 'invalid') return outcome;
  if (outcome.kind === 'conflict') return { kind: 'conflict', detail: 'The new id is taken. Nothing was created; send it again' };
  const { subscription, secret } = outcome;
  return { kind: 'created', location: `/v1/subscriptions/${subscription.id}`, body: { ...subscriptionView(subscription), secret } };
};

export const listSubscriptionsCall: AdminCall = async ({ request }, { subscriptions }) => {
  const query = readQuery(request.query, {});
  if (query.kind === 'invalid') return query;
  const page = await subscriptions.list(query.value);
  if (page.kind === 'bad-cursor') return badCursor;
  return { kind: 'found', body: { data: page.data.map(subscriptionView), nextCursor: page.nextCursor } };
};

export const getSubscriptionCall: AdminCall = async ({ name }, { subscriptions }) => {
  const id = subscriptionIdSchema.safeParse(name);
  const subscription = id.success ? await findShown(subscriptions, id.data) : undefined;
  return subscription === undefined ? { kind: 'not-found' } : { kind: 'found', body: subscriptionView(subscription) };
};

export const changeSubscriptionCall: AdminCall = async ({ request, name }, parts) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const body = readCallBody(request, { required: true });
  if (body.kind !== 'read') return body;
  const outcome = await changeSubscription(body.value, id.data, parts);
  switch (outcome.kind) {
    case 'changed':
      return { kind: 'found', body: subscriptionView(outcome.subscription) };
    case 'invalid':
      return outcome;
    case 'unknown':
      return { kind: 'not-found' };
    case 'raced':
      return {
        kind: 'conflict',
        detail: 'The subscription was changed at the same time. Nothing was written; look at it and send it again',
      };
  }
};

export const deleteSubscriptionCall: AdminCall = async ({ request, name }, parts) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const refused = refuseFields(request, 'a deletion');
  if (refused !== undefined) return refused;
  return (await deleteSubscription(id.data, parts)) === 'deleted' ? { kind: 'done' } : { kind: 'not-found' };
};
