import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { RelayError } from '../errors.ts';
import {
  subscriptionSchema,
  type Circuit,
  type OperatorEvent,
  type Recovery,
  type Subscription,
  type SubscriptionId,
} from '../subscriptions/subscription.ts';

export type Item = Record<string, AttributeValue>;

/** All of them are in one partition of the table, sorted by id; see lib/dynamodb/tables.ts. */
export const subscriptionPartition: AttributeValue = { S: 'subscription' };

export function subscriptionKeyOf(id: SubscriptionId): Item {
  return { kind: subscriptionPartition, id: { S: id } };
}

/** What its owner writes, and nobody else: one attribute, as JSON. What changes by itself is an attribute of its own. */
export function ownedTextOf(subscription: Subscription): string {
  const { status, updatedAt, pausedUntil, pausedSince, disabledReason, resumedAt, circuit, operatorEvents, recovery, ...owned } =
    subscription;
  return JSON.stringify(owned);
}

export function itemOf(subscription: Subscription): Item {
  const { status, updatedAt, pausedUntil, pausedSince, disabledReason, resumedAt, circuit, operatorEvents, recovery } = subscription;
  return {
    ...subscriptionKeyOf(subscription.id),
    status: { S: status },
    updatedAt: { S: updatedAt },
    subscription: { S: ownedTextOf(subscription) },
    ...(pausedUntil === undefined ? {} : { pausedUntil: { S: pausedUntil } }),
    ...(pausedSince === undefined ? {} : { pausedSince: { S: pausedSince } }),
    ...(disabledReason === undefined ? {} : { disabledReason: { S: disabledReason } }),
    ...(resumedAt === undefined ? {} : { resumedAt: { S: resumedAt } }),
    ...(circuit === undefined ? {} : circuitAttributes(circuit)),
    ...(operatorEvents === undefined ? {} : { operatorEvents: { L: operatorEvents.map(eventAttribute) } }),
    ...(recovery === undefined ? {} : { recovery: recoveryAttribute(recovery) }),
  };
}

/**
 * An item that cannot be read stops its readers rather than being passed over: a subscriber left out of fan-out would miss
 * changes in silence, while a log that waits loses nothing and raises the alarm.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE
 */
export function subscriptionOf(item: Item): Subscription {
  try {
    const owned = z.record(z.string(), z.unknown()).parse(JSON.parse(item['subscription']?.S ?? 'null'));
    const events = item['operatorEvents']?.L?.map(({ M }) => textsOf(M));
    const own = {
      pausedUntil: item['pausedUntil']?.S,
      pausedSince: item['pausedSince']?.S,
      disabledReason: item['disabledReason']?.S,
      resumedAt: item['resumedAt']?.S,
      circuit: circuitOf(item),
      operatorEvents: events === undefined || events.length === 0 ? undefined : events,
      recovery: recoveryOf(item['recovery']?.M),
    };
    const there = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    const always = { id: item['id']?.S, status: item['status']?.S, updatedAt: item['updatedAt']?.S };
    return subscriptionSchema.parse({ ...owned, ...always, ...there });
  } catch (cause) {
    const facts = { subscription: item['id']?.S ?? '?' };
    throw new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'A stored subscription cannot be read', { facts, cause });
  }
}

function circuitAttributes({ since, probeAt, probes, removalProbedAt }: Circuit): Item {
  return {
    circuitSince: { S: since },
    circuitProbeAt: { S: probeAt },
    circuitProbes: { N: String(probes) },
    ...(removalProbedAt === undefined ? {} : { circuitRemovalProbedAt: { S: removalProbedAt } }),
  };
}

/** `circuitSince` alone says that it is open. */
function circuitOf(item: Item): unknown {
  const since = item['circuitSince']?.S;
  if (since === undefined) return undefined;
  const removalProbedAt = item['circuitRemovalProbedAt']?.S;
  return {
    ...{ since, probeAt: item['circuitProbeAt']?.S, probes: Number(item['circuitProbes']?.N) },
    ...(removalProbedAt === undefined ? {} : { removalProbedAt }),
  };
}

export function eventAttribute({ id, kind, at, reason }: OperatorEvent): AttributeValue {
  return { M: { id: { S: id }, kind: { S: kind }, at: { S: at }, ...(reason === undefined ? {} : { reason: { S: reason } }) } };
}

export function recoveryAttribute({ id, status, since, until, redelivered, unreadable, cursor }: Recovery): AttributeValue {
  const texts = { id: { S: id }, status: { S: status }, since: { S: since }, until: { S: until } };
  const numbers = Object.entries({ redelivered, unreadable }).flatMap(([name, count]) =>
    count === undefined ? [] : [[name, { N: String(count) }] as const],
  );
  return { M: { ...texts, ...Object.fromEntries(numbers), ...(cursor === undefined ? {} : { cursor: { S: cursor } }) } };
}

function recoveryOf(map: Item | undefined): unknown {
  if (map === undefined) return undefined;
  const unreadable = map['unreadable']?.N;
  return {
    ...textsOf(map),
    redelivered: Number(map['redelivered']?.N),
    ...(unreadable === undefined ? {} : { unreadable: Number(unreadable) }),
  };
}

function textsOf(map: Item = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(map).flatMap(([name, { S }]) => (S === undefined ? [] : [[name, S]])));
}
