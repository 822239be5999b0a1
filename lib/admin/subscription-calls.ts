import { createSubscription } from '../subscriptions/create-subscription.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import type { AdminCall } from './admin-call.ts';
import { readJsonBody } from './json-body.ts';
import { badCursor, readQuery } from './query.ts';
import { subscriptionView } from './subscription-view.ts';

export const createSubscriptionCall: AdminCall = async ({ request }, parts) => {
  const query = readQuery(request.query, {});
  if (query.kind === 'invalid') return query;
  const body = readJsonBody(request);
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
  const subscription = id.success ? await subscriptions.find(id.data) : undefined;
  return subscription === undefined ? { kind: 'not-found' } : { kind: 'found', body: subscriptionView(subscription) };
};
