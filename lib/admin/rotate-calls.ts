import { rotateSecret } from '../subscriptions/rotate-secret.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import type { AdminCall } from './admin-call.ts';
import { readCallBody } from './call-body.ts';
import { subscriptionView } from './subscription-view.ts';

export const rotateSubscriptionSecretCall: AdminCall = async ({ request, name }, parts) => {
  const id = subscriptionIdSchema.safeParse(name);
  if (!id.success) return { kind: 'not-found' };
  const body = readCallBody(request, { required: false });
  if (body.kind !== 'read') return body;
  const outcome = await rotateSecret(body.value, id.data, parts);
  switch (outcome.kind) {
    case 'rotated': {
      const { subscription, secret } = outcome;
      return { kind: 'found', body: { ...subscriptionView(subscription), ...(secret === undefined ? {} : { secret }) } };
    }
    case 'invalid':
      return outcome;
    case 'unknown':
      return { kind: 'not-found' };
    case 'too-many': {
      const until = outcome.until === undefined ? '' : `, until ${outcome.until}`;
      return { kind: 'conflict', detail: `As many secrets sign as can${until}. Wait, or rotate with an overlap of 0` };
    }
    case 'raced':
      return {
        kind: 'conflict',
        detail: 'The subscription was changed at the same time. Nothing was written; look at it and send it again',
      };
  }
};
