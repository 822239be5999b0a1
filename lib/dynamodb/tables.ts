/**
 * Every DynamoDB table of the relay, as data: local mode creates them from here, and so does the CDK stack.
 * This file imports nothing, so that both may read it.
 */
export interface TableDefinition {
  readonly partitionKey: string;
  readonly sortKey?: string;
  /** Attribute with the epoch second after which DynamoDB may delete the item. */
  readonly ttlAttribute?: string;
  readonly indexes: readonly IndexDefinition[];
}
export interface IndexDefinition {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly projection: 'KEYS_ONLY' | 'INCLUDE' | 'ALL';
  /** With `INCLUDE`: what the index holds beside the keys. A write that changes none of it costs the index nothing. */
  readonly attributes?: readonly string[];
}

/** All key attributes are strings. */
export const tables = {
  orgs: { partitionKey: 'id', indexes: [] },
  /** What was seen of those who send hook requests, by org: their event hooks, and which signed requests were accepted. */
  senders: { partitionKey: 'org', sortKey: 'id', ttlAttribute: 'expiresAt', indexes: [] },
  /** One partition, sorted by id (ids sort by creation time): subscriptions are few and read through a cache. */
  subscriptions: { partitionKey: 'kind', sortKey: 'id', indexes: [] },
  /**
   * Indexes hold keys only, and keys never change after the first write: an attempt costs one write, not five.
   * The two that would be hot are cut by the hour.
   */
  deliveries: {
    partitionKey: 'id',
    ttlAttribute: 'expiresAt',
    indexes: [
      { name: 'byHour', partitionKey: 'hour', sortKey: 'createdKey', projection: 'KEYS_ONLY' },
      { name: 'bySubscription', partitionKey: 'subscriptionHour', sortKey: 'createdKey', projection: 'KEYS_ONLY' },
      { name: 'byChange', partitionKey: 'change', sortKey: 'createdKey', projection: 'KEYS_ONLY' },
      { name: 'byUser', partitionKey: 'user', sortKey: 'createdKey', projection: 'KEYS_ONLY' },
    ],
  },
  /** How far each state of each subscription was delivered: an item of a few hundred bytes per state, read and written by its key alone. */
  states: { partitionKey: 'id', ttlAttribute: 'expiresAt', indexes: [] },
  /**
   * A partition per lane: the lane's item, and the deliveries that wait in it (see lib/dynamodb/lane-item.ts). Only the lane's item has the
   * index's keys. A subscription's lanes are cut in shards, so that no key of the index is hot.
   */
  lanes: {
    partitionKey: 'id',
    sortKey: 'place',
    ttlAttribute: 'expiresAt',
    indexes: [
      {
        name: 'byDue',
        partitionKey: 'dueShard',
        sortKey: 'dueKey',
        projection: 'INCLUDE',
        attributes: ['queue', 'group', 'epoch', 'dueAt', 'parkedAt', 'reason', 'token', 'removalAt', 'hastenedAt'],
      },
    ],
  },
  /** What is leased of each subscription's limits, an item for each second of it: see lib/pacing/leased-limiter.ts. */
  limits: { partitionKey: 'id', ttlAttribute: 'expiresAt', indexes: [] },
  quarantine: {
    partitionKey: 'id',
    ttlAttribute: 'expiresAt',
    indexes: [{ name: 'byDay', partitionKey: 'day', sortKey: 'receivedKey', projection: 'ALL' }],
  },
  /** One partition for the replays, sorted by id (ids sort by creation time), and one for who runs which: see lib/dynamodb/replay-store.ts. */
  replays: { partitionKey: 'kind', sortKey: 'id', ttlAttribute: 'expiresAt', indexes: [] },
} as const satisfies Record<string, TableDefinition>;
export type TableName = keyof typeof tables;
