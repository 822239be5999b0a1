import { deliveryIdOf, type DeliveryMessage } from '#lib/delivery/delivery.ts';
import { changeSchema } from '#lib/identity/change.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';

export const acme = orgIdSchema.parse('acme');
export const payrollId = subscriptionIdSchema.parse('sub_01k9payr0ll0000000000000');

/** A delivery of an invented change of an invented person. */
export function deliveryMessage(
  given: { change?: string; user?: string | null; subscription?: string; type?: string; stateKey?: string; sequence?: string } = {},
): DeliveryMessage {
  const id = given.change ?? '2d050e48-fc0a-11ea-bbf6-1d98632c66b8';
  const user = given.user === undefined ? '00u10r4h1xAe2TIcx4x7' : given.user;
  const subscription = subscriptionIdSchema.parse(given.subscription ?? payrollId);
  const sequence = given.sequence ?? '1795265922340-0000000000000000042';
  const change = changeSchema.parse({
    specversion: '1.0',
    id,
    source: 'https://acme.okta.com',
    type: given.type ?? 'identity.user.deactivated',
    time: '2026-11-21T12:58:42.340Z',
    datacontenttype: 'application/json',
    partitionkey: `acme:${user ?? id}`,
    recordedtime: '2026-11-21T12:58:52.611Z',
    ...(given.stateKey === undefined ? {} : { statekey: given.stateKey }),
    sequence,
    origin: 'hook',
    data: {
      org: 'acme',
      ...(user === null ? {} : { user: { id: user, userName: 'ana@example.com', displayName: 'Ana Ito' } }),
      okta: { eventType: 'user.lifecycle.deactivate' },
    },
  });
  return {
    v: 1,
    delivery: deliveryIdOf(subscription, 'acme', id),
    subscription,
    org: acme,
    change: { ...change, sequence },
  };
}
