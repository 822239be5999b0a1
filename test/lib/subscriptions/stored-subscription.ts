import { subscriptionSchema, type Subscription } from '#lib/subscriptions/subscription.ts';

/** A subscription as the store holds it; `number` makes its id, and ids sort by it. */
export function storedSubscription(number = 1, overrides: Partial<Subscription> = {}): Subscription {
  return subscriptionSchema.parse({
    id: `sub_${String(number).padStart(26, '0')}`,
    name: `Subscriber ${number}`,
    url: 'https://hooks.example.com/identity',
    types: ['identity.user.*'],
    ordering: 'per-subject',
    format: 'cloudevents',
    status: 'active',
    createdAt: '2026-11-21T12:00:00.000Z',
    updatedAt: '2026-11-21T12:00:00.000Z',
    signingSecrets: [
      {
        sealed: { v: 1, keyId: 'local:0000', wrappedKey: 'AAAA', iv: 'AAAA', ciphertext: 'AAAA', tag: 'AAAA' },
        createdAt: '2026-11-21T12:00:00.000Z',
      },
    ],
    ...overrides,
  });
}
