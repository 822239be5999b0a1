import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  limitRetentionSeconds,
  type Lease,
  type Leased,
  type LeaseRequest,
  type LimitSecond,
  type LimitStore,
} from '../pacing/limit-store.ts';
import type { Item } from './delivery-item.ts';
import { unavailable } from './unavailable.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';
const kinds = ['places', 'tokens'] as const;
/** Each round that is refused was overtaken by another instance's lease. After so many there is nothing left worth racing for. */
const maxRounds = 5;

interface LimitTable {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Limits in DynamoDB: an item for each second of each subscription, so that no item is written for longer than a second or two. */
export function dynamodbLimitStore(limits: LimitTable): LimitStore {
  return {
    async lease(of, { want, caps }) {
      // A new item has no count that the condition could hold against the cap.
      let lease = leaseOf({ places: Math.min(want.places, caps.places), tokens: Math.min(want.tokens, caps.tokens) }, want);
      for (let round = 0; round < maxRounds && (lease.places > 0 || lease.tokens > 0); round += 1) {
        const outcome = await add(limits, of, { want: lease, caps });
        if (outcome.kind === 'added') return lease;
        lease = whatIsLeft(outcome.found ?? (await read(limits, of)), { want, caps });
      }
      return { places: 0, tokens: 0, lacking: lease.lacking };
    },

    async carry(of, places) {
      const outcome = await add(limits, of, { want: { places, tokens: 0 }, caps: { places: Number.MAX_SAFE_INTEGER, tokens: 0 } });
      // Nothing reaches that cap, so nothing is refused; then the places asked for are all that is known.
      return outcome.kind === 'added' ? outcome.places : places;
    },
  };
}

type Added = { readonly kind: 'added'; readonly places: number } | { readonly kind: 'refused'; readonly found: Item | undefined };

async function add({ client, table }: LimitTable, of: LimitSecond, { want, caps }: LeaseRequest): Promise<Added> {
  const asked = kinds.filter((name) => want[name] > 0);
  const command = new UpdateItemCommand({
    TableName: table,
    Key: keyOf(of),
    ConditionExpression: asked.map((name) => `(attribute_not_exists(#${name}) OR #${name} <= :${name}Room)`).join(' AND '),
    UpdateExpression: `SET expiresAt = :expiresAt ADD ${asked.map((name) => `#${name} :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(asked.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ':expiresAt': { N: String(of.second + limitRetentionSeconds) },
      ...Object.fromEntries(
        asked.flatMap((name) => [
          [`:${name}`, { N: String(want[name]) }],
          [`:${name}Room`, { N: String(caps[name] - want[name]) }],
        ]),
      ),
    },
    ReturnValues: 'UPDATED_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    const { Attributes } = await client.send(command);
    return { kind: 'added', places: Number(Attributes?.['places']?.N ?? 0) };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { kind: 'refused', found: error.Item };
    return unavailable(code, 'UpdateItem')(error);
  }
}

function whatIsLeft(item: Item = {}, { want, caps }: LeaseRequest): Lease {
  const left = (name: keyof Leased): number => Math.min(want[name], Math.max(0, caps[name] - Number(item[name]?.N ?? 0)));
  return leaseOf({ places: left('places'), tokens: left('tokens') }, want);
}

/** A place without a token is of no use, and the other way round: where one of them is wanted and gone, neither is taken. */
function leaseOf(left: Leased, want: Leased): Lease {
  const lacking = kinds.filter((name) => left[name] < want[name]);
  const useless = kinds.some((name) => want[name] > 0 && left[name] === 0);
  return useless ? { places: 0, tokens: 0, lacking } : { ...left, lacking };
}

async function read({ client, table }: LimitTable, of: LimitSecond): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: keyOf(of), ConsistentRead: true });
  return (await client.send(command).catch(unavailable(code, 'GetItem'))).Item;
}

function keyOf({ subscription, second }: LimitSecond): Item {
  return { id: { S: `${subscription}#${second}` } };
}
