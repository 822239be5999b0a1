import { sequenceOf } from '../identity/sequence.ts';
import type { SequencedChange } from '../identity/change.ts';
import { orgIdSchema } from '../okta/org.ts';
import { compileSubscription, type Matcher } from '../subscriptions/matches.ts';
import { narrowedChange } from '../subscriptions/narrowed-change.ts';
import type { OperatorEvent, Subscription } from '../subscriptions/subscription.ts';
import { relayTypeOf } from '../subscriptions/type-pattern.ts';
import type { QueuedDelivery } from './delivery-queue.ts';
import { deliveryIdOf } from './delivery.ts';
import { placed } from './lane.ts';

/** Stands where a change has its org: what the relay says of itself is of none. */
const relayOrg = orgIdSchema.parse('relay');
const source = 'urn:okta-event-relay:subscriptions';

/** A subscription in what its operators are told of it. Without its URL: those may hold keys. */
export type EventSubject = Pick<Subscription, 'id' | 'name'>;

/** An operator event as a change: what goes out is the same as for any other. A fact: it has no state key. */
export function operatorChange(event: OperatorEvent, { id, name }: EventSubject): SequencedChange {
  const time = new Date(event.at).toISOString();
  return {
    specversion: '1.0',
    id: event.id,
    source,
    type: relayTypeOf(event.kind),
    subject: `subscriptions/${id}`,
    time,
    datacontenttype: 'application/json',
    partitionkey: `${relayOrg}:${id}`,
    recordedtime: time,
    // It passed through no partition, so there is no offset to break a tie with.
    sequence: sequenceOf({ time, recordedtime: time }, 0),
    origin: 'relay',
    data: { org: relayOrg, subscription: { id, name }, ...(event.reason === undefined ? {} : { reason: event.reason }) },
  };
}

/**
 * The deliveries by which those who subscribe to `relay.*` types are told of an event, in one lane for each of them and the subject. The ids are derived,
 * so that the same event twice is the same deliveries.
 *
 * Never to the subject itself: its endpoint is what the event is about, and a delivery that fails would bring the next event. Two that watch each other
 * come to an end as well: each transition is told once, and a circuit that is open makes none.
 */
export function operatorDeliveries(event: OperatorEvent, subject: EventSubject, all: readonly Subscription[]): QueuedDelivery[] {
  const change = operatorChange(event, subject);
  return all
    .filter(({ id, status }) => id !== subject.id && (status === 'active' || status === 'paused'))
    .filter((subscription) => matcherOf(subscription)?.(change) === true)
    .map((subscription) => {
      const { id, ordering } = subscription;
      const delivery = deliveryIdOf(id, relayOrg, change.id);
      const message = { v: 1 as const, delivery, subscription: id, org: relayOrg, change: narrowedChange(change, subscription) };
      return placed(message, { orderingKey: subject.id, ordering });
    });
}

/** As in fan-out, where it is argued and reported: a stored filter that does not compile leaves its own subscription out, and nobody else. */
function matcherOf(subscription: Subscription): Matcher | undefined {
  try {
    return compileSubscription(subscription);
  } catch {
    // Every invocation of fan-out reports this subscription at error level until it is repaired; see lib/fan-out/matching.ts.
    return undefined;
  }
}
