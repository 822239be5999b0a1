import { createHash } from 'node:crypto';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import {
  laneQueues,
  laneRetentionDays,
  parkReasons,
  type DueLane,
  type LaneKey,
  type ParkedLane,
  type TriedPart,
} from '../delivery/lane-store.ts';
import { RelayError } from '../errors.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import type { Item } from './delivery-item.ts';

export interface LaneTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

const code = 'DELIVERY_STORE_UNAVAILABLE';
const daySeconds = 24 * 60 * 60;
/** Shards of a subscription in the index. A key of an index takes 1,000 writes a second: these take several thousand lanes that move in the same second. */
export const dueShards = 8;
/** Digits of a position in a key: far more than a lane can ever have, as each of them is a delivery. */
const positionDigits = 12;

const idOf = ({ queue, group }: LaneKey): string => `${queue}#${group}`;

/** The key of an item in the table. */
export type PlaceKey = Readonly<Record<'id' | 'place', AttributeValue>>;

export function laneKeyOf(lane: LaneKey): PlaceKey {
  return { id: { S: idOf(lane) }, place: { S: '#lane' } };
}

/**
 * Where a delivery of a lane is. The epoch is part of it, so what an earlier parking left behind is beside the range that is read. Sorts by position.
 */
export function placeKeyOf(lane: LaneKey & Pick<ParkedLane, 'epoch'>, position: number): PlaceKey {
  return { id: { S: idOf(lane) }, place: { S: `${lane.epoch}#${String(position).padStart(positionDigits, '0')}` } };
}

export function positionIn(item: Item): number {
  return Number(item['place']?.S?.slice(-positionDigits));
}

/** Written anew with every step of a lane, so that one in use is never forgotten. */
export function laneExpiryOf(time: Date): Item {
  return { expiresAt: { N: String(Math.floor(time.getTime() / 1_000) + laneRetentionDays * daySeconds) } };
}

/** Attributes that change together with `dueAt`. */
export function dueAttributesOf(lane: LaneKey, dueAt: Date): Item {
  return { dueAt: { S: dueAt.toISOString() }, dueKey: { S: `${dueAt.toISOString()}#${idOf(lane)}` }, ...laneExpiryOf(dueAt) };
}

export const triedAttributes = ['triedTo', 'triedDueAt'] as const;

export function triedAttributesOf(tried: TriedPart | undefined): Item {
  return tried === undefined ? {} : { triedTo: { N: String(tried.to) }, triedDueAt: { S: tried.dueAt.toISOString() } };
}

/** The first key behind all that are due by then: `$` follows `#`. */
export function dueKeyBehind(time: Date): string {
  return `${time.toISOString()}$`;
}

export function dueShardOf(subscription: string, shard: number): string {
  return `${subscription}#${shard}`;
}

export function newLaneItem(lane: Omit<ParkedLane, 'token'>): Item {
  const shard = (createHash('sha256').update(idOf(lane)).digest()[0] ?? 0) % dueShards;
  return {
    ...laneKeyOf(lane),
    queue: { S: lane.queue },
    group: { S: lane.group },
    subscription: { S: lane.subscription },
    epoch: { S: lane.epoch },
    tail: { N: String(lane.tail) },
    removalAt: { N: String(lane.removalAt) },
    reason: { S: lane.reason },
    parkedAt: { S: lane.parkedAt.toISOString() },
    dueShard: { S: dueShardOf(lane.subscription, shard) },
    ...dueAttributesOf(lane, lane.dueAt),
  };
}

const time = z.iso.datetime().transform((text) => new Date(text));
const dueLaneSchema = z.object({
  queue: z.enum(laneQueues),
  group: z.string(),
  epoch: z.string(),
  reason: z.enum(parkReasons),
  parkedAt: time,
  dueAt: time,
  removalAt: z.coerce.number().int(),
  token: z.string().optional(),
  hastenedAt: time.optional(),
});
const laneSchema = dueLaneSchema.extend({
  subscription: subscriptionIdSchema,
  tail: z.coerce.number().int(),
  triedTo: z.coerce.number().int().optional(),
  triedDueAt: time.optional(),
});

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE when the item is none of ours. */
export function laneOf(item: Item): ParkedLane {
  const lane = laneSchema.safeParse(plainOf(item));
  if (lane.success) return parkedLane(lane.data);
  throw new RelayError(code, 'A stored lane cannot be read', { facts: { lane: item['id']?.S ?? '?' }, cause: lane.error });
}

function parkedLane({ triedTo, triedDueAt, ...lane }: z.infer<typeof laneSchema>): ParkedLane {
  return triedTo === undefined || triedDueAt === undefined ? lane : { ...lane, tried: { to: triedTo, dueAt: triedDueAt } };
}

/** What the index holds of a lane; undefined when the item is none of ours. */
export function dueLaneOf(item: Item): DueLane | undefined {
  return dueLaneSchema.safeParse(plainOf(item)).data;
}

function plainOf(item: Item): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? value.N]));
}
