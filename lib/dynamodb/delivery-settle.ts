import {
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { longestAttemptLog, type Settlement } from '../delivery/delivery.ts';
import { attemptAttribute } from './delivery-item.ts';
import { packedMessage } from './packed-message.ts';
import { unavailable } from './unavailable.ts';

const code = 'DELIVERY_STORE_UNAVAILABLE';

/**
 * Records what became of a claimed delivery and ends its lease, in one conditional write. A lease that ran out still counts
 * as long as nobody else has taken the delivery: what happened, happened.
 * `lease` stays in the record and `leaseUntil` goes: so a second try of the same write is told from a lost one.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function settleDelivery(
  store: { client: DynamoDBClient; table: string },
  settlement: Settlement,
): Promise<'settled' | 'lost'> {
  const { client, table } = store;
  const key = { TableName: table, Key: { id: { S: settlement.id } } };
  const letter = settlement.letter === undefined || settlement.status !== 'dead' ? undefined : await packedMessage(settlement.letter);
  for (const logIsFull of [false, true]) {
    try {
      await client.send(
        new UpdateItemCommand({ ...key, ReturnValuesOnConditionCheckFailure: 'ALL_OLD', ...updateOf(settlement, { letter, logIsFull }) }),
      );
      return 'settled';
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, 'UpdateItem')(error);
      const found =
        error.Item ?? (await client.send(new GetItemCommand({ ...key, ConsistentRead: true })).catch(unavailable(code, 'GetItem'))).Item;
      if (found?.['lease']?.S !== settlement.lease) return 'lost';
      if (found['leaseUntil'] === undefined) return 'settled';
    }
  }
  return 'lost';
}

interface How {
  readonly letter: AttributeValue | undefined;
  /** The attempt takes the place of the newest one. */
  readonly logIsFull: boolean;
}

function updateOf(settlement: Settlement, { letter, logIsFull }: How) {
  const { lease, status, reason, nextAttemptAt } = settlement;
  const attempt = attemptUpdate(settlement, logIsFull);
  const kept: Record<string, AttributeValue | undefined> = {
    reason: reason === undefined ? undefined : { S: reason },
    nextAttemptAt: nextAttemptAt === undefined ? undefined : { S: nextAttemptAt.toISOString() },
    letter,
  };
  const names = Object.keys(kept);
  const [sets, removes] = [names.filter((name) => kept[name] !== undefined), names.filter((name) => kept[name] === undefined)];
  return {
    ConditionExpression: ['#lease = :lease', 'attribute_exists(leaseUntil)', ...attempt.conditions].join(' AND '),
    UpdateExpression: `SET ${['#status = :status', ...attempt.sets, ...sets.map((name) => `#${name} = :${name}`)].join(', ')}
      REMOVE ${['leaseUntil', ...removes.map((name) => `#${name}`)].join(', ')}`,
    ExpressionAttributeNames: { '#status': 'status', '#lease': 'lease', ...Object.fromEntries(names.map((name) => [`#${name}`, name])) },
    ExpressionAttributeValues: {
      ':lease': { S: lease },
      ':status': { S: status },
      ...attempt.values,
      ...Object.fromEntries(Object.entries(kept).flatMap(([name, value]) => (value === undefined ? [] : [[`:${name}`, value]]))),
    },
  };
}

function attemptUpdate({ attempt, refused }: Settlement, logIsFull: boolean) {
  if (attempt === undefined) return { conditions: [], sets: [], values: {} };
  const counts = attempt.probe === undefined;
  return {
    conditions: logIsFull ? [] : ['size(attempts) < :longest'],
    sets: [
      logIsFull ? `attempts[${longestAttemptLog - 1}] = :attempt` : 'attempts = list_append(attempts, :attempts)',
      'attemptCount = attemptCount + :counted',
      'refusalCount = refusalCount + :refusals',
    ],
    values: {
      ...(logIsFull
        ? { ':attempt': attemptAttribute(attempt) }
        : { ':attempts': { L: [attemptAttribute(attempt)] }, ':longest': { N: String(longestAttemptLog) } }),
      ':counted': { N: counts ? '1' : '0' },
      ':refusals': { N: counts && refused === true ? '1' : '0' },
    },
  };
}
