import { deliveryIdOf, type DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { QueuedDelivery } from '#lib/delivery/delivery-queue.ts';
import { orderingKeyIn, placed } from '#lib/delivery/lane.ts';
import { replayIdSchema } from '#lib/delivery/replay-mark.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { deliveryMessage } from '../../delivery/delivery-message.ts';
import { storedSubscription } from '../../subscriptions/stored-subscription.ts';
import { sayings, type Saying, type SubscriptionSetting } from './script.ts';

const people = ['00uana', '00uben', '00ucem', '00udia'];
const stateOf: Readonly<Record<Saying, string | undefined>> = {
  activated: 'status',
  deactivated: 'status',
  deleted: 'status',
  member_added: 'groups/00g1',
  member_removed: 'groups/00g1',
  updated: undefined,
};

export function subscriptionOf(number: number, setting: SubscriptionSetting): Subscription {
  const { ordering, stale, concurrency, deliveriesPerSecond, retrySeconds, hearsOperators } = setting;
  const { id } = storedSubscription(number);
  return storedSubscription(number, {
    url: `https://hooks.example.com/${id}`,
    types: hearsOperators ? ['relay.*'] : ['identity.*'],
    limits: { concurrency, ...(deliveriesPerSecond === undefined ? {} : { deliveriesPerSecond }) },
    ...(retrySeconds === undefined ? {} : { retrySeconds: [...retrySeconds] }),
    ...{ ordering, stale },
  });
}

export interface Said {
  readonly person: number;
  readonly saying: Saying;
  readonly at: number;
}

/** What was said of a person at a time is one change, however often it comes. */
export function deliveryOf(subscription: Subscription, { person, saying, at }: Said): QueuedDelivery {
  const user = people[person] ?? '00uana';
  const state = stateOf[saying];
  // The second half breaks ties: of two that are said of one moment, the one said later in the list counts.
  const sequence = `${1_795_265_900_000 + at}-${String(sayings.indexOf(saying)).padStart(19, '0')}`;
  const kind = saying.startsWith('member') ? `identity.group.${saying}` : `identity.user.${saying}`;
  const change = `${user}-${saying}-${at}`;
  const message = deliveryMessage({
    ...{ change, user, subscription: subscription.id, type: kind, sequence },
    ...(state === undefined ? {} : { stateKey: `users/${user}/${state}` }),
  });
  return placed(message, { orderingKey: user, ordering: subscription.ordering });
}

/** The same change once more, because somebody asked for it: by a queue and in a lane of its own. */
export function replayOf(
  message: DeliveryMessage,
  { ordering }: Subscription,
  { number, full }: { number: number; full: boolean },
): QueuedDelivery {
  const id = replayIdSchema.parse(`rpl_01k9replay000000000${String(number).padStart(4, '0')}`);
  const delivery = deliveryIdOf(message.subscription, message.org, message.change.id, id);
  return placed(
    { ...message, delivery, replay: { id, full } },
    { orderingKey: orderingKeyIn(message.change) ?? message.change.id, ordering },
  );
}
