import {
  ConditionalCheckFailedException,
  UpdateItemCommand,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { stateRetentionDays, type Passage, type StaleGuard, type Standing } from '../lanes/stale-guard.ts';
import { standingIn } from '../lanes/state-record.ts';
import { RelayError } from '../errors.ts';
import { readState, stateKeyOf, stateOf, type StateTable } from './state-item.ts';
import { unavailable } from './unavailable.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';
const daySeconds = 24 * 60 * 60;
/** A refused passage may find, when it looks why, that the obstacle is gone; it then tries again. More rounds than these are no race any more. */
const maxRounds = 3;
/** Sorts before every sequence. */
const noDoubt = '0';

/** The stale guard in DynamoDB: an item per state, single-item conditional writes only. */
export function dynamodbStaleGuard(options: { client: DynamoDBClient; table: string }): StaleGuard {
  return {
    look: async (state, change) => standingIn(stateOf(await readState(options, state)), change),
    enter: (passage) => enter(options, passage),
    async leave(passage, end) {
      if (end === 'failed') await write(options, release(passage, 'begun, '));
      // What stays begun without a lease is in doubt.
      else if (end === 'unknown') await write(options, release(passage, ''));
      // When another has taken over after our lease ran out, its lease stays, and what happened still counts.
      else if ((await write(options, advance(passage))) !== 'written') await write(options, advanceOnly(passage));
    },
  };
}

async function enter(states: StateTable, passage: Passage): Promise<Standing> {
  for (let round = 0; round < maxRounds; round += 1) {
    const outcome = await write(states, begin(passage));
    if (outcome === 'written') return { kind: 'open' };
    const found = stateOf(outcome.found ?? (await readState(states, passage)));
    const standing = standingIn(found, passage);
    if (standing.kind !== 'open' || found.lease === passage.lease) return standing;
  }
  throw new RelayError(code, 'A state could not be entered although nothing was in the way', {
    facts: { subscription: passage.subscription },
  });
}

type Write = Omit<UpdateItemCommandInput, 'TableName'>;

async function write(
  { client, table }: StateTable,
  update: Write,
): Promise<'written' | { found: ConditionalCheckFailedException['Item'] }> {
  try {
    await client.send(new UpdateItemCommand({ TableName: table, ReturnValuesOnConditionCheckFailure: 'ALL_OLD', ...update }));
    return 'written';
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { found: error.Item };
    return unavailable(code, 'UpdateItem')(error);
  }
}

const noneAbove = (...names: string[]): string =>
  names.map((name) => `(attribute_not_exists(${name}) OR ${name} <= :sequence)`).join(' AND ');

const expiresAt = ({ now }: Passage) => ({ N: String(Math.floor(now.getTime() / 1000) + stateRetentionDays * daySeconds) });

/** A passage that is found begun, its lease over, goes into doubt: nothing above it was ever begun, so it is the highest in doubt. */
function begin(passage: Passage): Write {
  return {
    Key: stateKeyOf(passage),
    ConditionExpression: `${noneAbove('delivered', 'doubt', 'begun')} AND (attribute_not_exists(leaseUntil) OR leaseUntil <= :now)`,
    UpdateExpression: `SET doubt = if_not_exists(begun, if_not_exists(doubt, :noDoubt)), begun = :sequence,
      #lease = :lease, leaseUntil = :until, expiresAt = :expiresAt`,
    ExpressionAttributeNames: { '#lease': 'lease' },
    ExpressionAttributeValues: {
      ':sequence': { S: passage.sequence },
      ':noDoubt': { S: noDoubt },
      ':lease': { S: passage.lease },
      ':now': { S: passage.now.toISOString() },
      ':until': { S: passage.until.toISOString() },
      ':expiresAt': expiresAt(passage),
    },
  };
}

/** Doubts are below what we delivered, for it could not have entered otherwise. */
function advance(passage: Passage): Write {
  return {
    Key: stateKeyOf(passage),
    ConditionExpression: `#lease = :lease AND ${noneAbove('delivered')}`,
    UpdateExpression: 'SET delivered = :sequence, expiresAt = :expiresAt REMOVE begun, doubt, #lease, leaseUntil',
    ExpressionAttributeNames: { '#lease': 'lease' },
    ExpressionAttributeValues: {
      ':lease': { S: passage.lease },
      ':sequence': { S: passage.sequence },
      ':expiresAt': expiresAt(passage),
    },
  };
}

function advanceOnly(passage: Passage): Write {
  return {
    Key: stateKeyOf(passage),
    ConditionExpression: noneAbove('delivered'),
    UpdateExpression: 'SET delivered = :sequence, expiresAt = :expiresAt',
    ExpressionAttributeValues: { ':sequence': { S: passage.sequence }, ':expiresAt': expiresAt(passage) },
  };
}

function release(passage: Passage, also: 'begun, ' | ''): Write {
  return {
    Key: stateKeyOf(passage),
    ConditionExpression: '#lease = :lease',
    UpdateExpression: `REMOVE ${also}#lease, leaseUntil`,
    ExpressionAttributeNames: { '#lease': 'lease' },
    ExpressionAttributeValues: { ':lease': { S: passage.lease } },
  };
}
