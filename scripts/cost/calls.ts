import type { FunctionName } from '#lib/config/function-settings.ts';
import { dueShards } from '#lib/dynamodb/lane-item.ts';
import { tables, type TableName } from '#lib/dynamodb/tables.ts';

/** How often a call is made. `environment`: of the function, for it remembers; with less traffic it is made less often, never more. */
export type Per =
  | 'minute and environment'
  | 'ten minutes and environment'
  | 'batch'
  | 'ten deliveries of a partition'
  | 'delivery'
  | 'subscription in a batch'
  | 'subscription with more in a batch'
  | 'failed attempt'
  | 'minute'
  | 'subscription and minute'
  | 'quiet org and minute';

/** Calls of one kind, for one reason. */
export interface Calls {
  readonly function: FunctionName;
  readonly operation: string;
  readonly table?: TableName;
  readonly why: string;
  readonly per: Per;
  readonly count: number;
  /** Read request units of all of them together; a strongly consistent read of up to 4 KB is one, any other half of one. */
  readonly reads?: number;
  /** They read all subscriptions, in so many units as these fill. */
  readonly readsAll?: true;
  /** Write request units of the table, for items of up to 1 KB. */
  readonly writes?: number;
  readonly indexWrites?: number;
}

const deliveryIndexes = tables.deliveries.indexes.length;
const hook = { function: 'receive-hook' } as const;
const deliver = { function: 'deliver', per: 'delivery', count: 1 } as const;

/**
 * Everything that the functions ask of DynamoDB and SQS while all is well, for changes of the dearest kind: of a state of a person that is not
 * their status, from an org whose hook sends a header. Calls that Lambda makes for its event source mappings are in scripts/cost/traffic.ts.
 * A test runs the functions and counts (test/scripts/cost/measured.test.ts): a call more is a failure there, and a line here.
 */
export const calls: readonly Calls[] = [
  { ...hook, operation: 'GetItem', table: 'orgs', why: 'the org', per: 'minute and environment', count: 1, reads: 1 },
  {
    ...hook,
    operation: 'PutItem',
    table: 'senders',
    why: 'the hook was seen, the org was heard',
    per: 'ten minutes and environment',
    count: 3,
    writes: 3,
  },
  {
    ...hook,
    operation: 'GetItem',
    table: 'senders',
    why: 'which hook the org is bound to',
    per: 'ten minutes and environment',
    count: 1,
    reads: 1,
  },
  { function: 'fan-out', operation: 'Query', table: 'subscriptions', why: 'all subscriptions', per: 'batch', count: 1, readsAll: true },
  { function: 'fan-out', operation: 'SendMessageBatch', why: 'deliveries to the queue', per: 'ten deliveries of a partition', count: 1 },
  { ...deliver, operation: 'GetItem', table: 'lanes', why: 'is its lane parked?', reads: 1 },
  { ...deliver, operation: 'GetItem', table: 'states', why: 'was the person deleted?', reads: 1 },
  {
    ...deliver,
    operation: 'UpdateItem',
    table: 'deliveries',
    why: 'claimed: the record and its indexes',
    writes: 1,
    indexWrites: deliveryIndexes,
  },
  { ...deliver, operation: 'UpdateItem', table: 'states', why: 'its state is entered', writes: 1 },
  { ...deliver, operation: 'UpdateItem', table: 'states', why: 'its state is left', writes: 1 },
  { ...deliver, operation: 'UpdateItem', table: 'deliveries', why: 'settled', writes: 1 },
  { ...deliver, operation: 'GetItem', table: 'subscriptions', why: 'the subscription', per: 'subscription in a batch', reads: 1 },
  { ...deliver, operation: 'UpdateItem', table: 'limits', why: 'places and tokens', per: 'subscription in a batch', writes: 1 },
  {
    ...deliver,
    operation: 'UpdateItem',
    table: 'limits',
    why: 'places for what came with the first',
    per: 'subscription with more in a batch',
    writes: 1,
  },
  { ...deliver, operation: 'ChangeMessageVisibility', why: 'its wait in the queue', per: 'failed attempt' },
  { function: 'sweep', operation: 'Query', table: 'subscriptions', why: 'all subscriptions', per: 'minute', count: 1, readsAll: true },
  { function: 'sweep', operation: 'Query', table: 'senders', why: 'when orgs were heard', per: 'minute', count: 1, reads: 0.5 },
  {
    function: 'sweep',
    operation: 'GetItem',
    table: 'orgs',
    why: 'may it be silent for so long?',
    per: 'quiet org and minute',
    count: 1,
    reads: 1,
  },
  {
    function: 'sweep',
    operation: 'Query',
    table: 'lanes',
    why: 'lanes that are due, and all that wait, shard by shard',
    per: 'subscription and minute',
    count: 2 * dueShards,
    reads: dueShards,
  },
];

/** How often each is made: of what is not named, never. */
export type Often = Readonly<Partial<Record<Per, number>>>;

export interface Units {
  readonly reads: number;
  readonly writes: number;
  readonly indexWrites: number;
  /** Requests to SQS. */
  readonly queueRequests: number;
}

/** What all calls of a function come to. `allReads`: units that reading all subscriptions takes. */
export function unitsOf(name: FunctionName, often: Often, allReads: number): Units {
  const of = calls.filter((call) => call.function === name);
  const sum = (amount: (call: Calls) => number): number => of.reduce((so, call) => so + (often[call.per] ?? 0) * amount(call), 0);
  return {
    reads: sum(({ reads = 0, readsAll }) => (readsAll === true ? allReads : reads)),
    writes: sum(({ writes = 0 }) => writes),
    indexWrites: sum(({ indexWrites = 0 }) => indexWrites),
    queueRequests: sum(({ table, count }) => (table === undefined ? count : 0)),
  };
}
