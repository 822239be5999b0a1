import {
  ConditionalCheckFailedException,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { replayIdSchema, type ReplayId } from '../delivery/replay-mark.ts';
import type { Replay, ReplayPage, ReplayStore } from '../replay/replay.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { createReplayItem } from './replay-create.ts';
import { replayKey, replayOfItem, stateAttributes } from './replay-item.ts';
import { unavailable } from './unavailable.ts';

const code = 'REPLAY_STORE_UNAVAILABLE';
const placeSchema = z.tuple([z.literal('replays'), replayIdSchema]);

/**
 * Replays in DynamoDB: an item each, changed by conditional writes. `turn` counts the runs, and only the latest may write. Reads are
 * consistent. @throws RelayError REPLAY_STORE_UNAVAILABLE
 */
export function dynamodbReplayStore({ client, table }: { client: DynamoDBClient; table: string }): ReplayStore {
  async function find(id: ReplayId): Promise<Replay | undefined> {
    const get = new GetItemCommand({ TableName: table, Key: replayKey(id), ConsistentRead: true });
    const { Item } = await client.send(get).catch(unavailable(code, 'GetItem'));
    return Item === undefined ? undefined : replayOfItem(Item);
  }

  return {
    find,
    create: (replay) => createReplayItem({ client, table, find }, replay),

    async list({ limit, cursor }): Promise<ReplayPage> {
      const place = cursor === undefined ? undefined : decodeCursor(cursor, placeSchema);
      if (cursor !== undefined && place === undefined) return { kind: 'bad-cursor' };
      const query = new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#kind = :kind',
        ExpressionAttributeNames: { '#kind': 'kind' },
        ExpressionAttributeValues: { ':kind': { S: 'replay' } },
        ScanIndexForward: false,
        // One more than asked for tells whether there is a next page.
        Limit: limit + 1,
        ...(place === undefined ? {} : { ExclusiveStartKey: replayKey(place[1]) }),
      });
      const { Items = [], LastEvaluatedKey } = await client.send(query).catch(unavailable(code, 'Query'));
      const data = Items.slice(0, limit).map(replayOfItem);
      const last = data.at(-1);
      const more = Items.length > limit || LastEvaluatedKey !== undefined;
      return { kind: 'page', data, nextCursor: more && last !== undefined ? encodeCursor(['replays', last.id]) : null };
    },

    async begin(id) {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: replayKey(id),
        ConditionExpression: '#status IN (:queued, :running)',
        UpdateExpression: 'SET #status = :running, turn = turn + :one',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':queued': { S: 'queued' }, ':running': { S: 'running' }, ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      });
      try {
        const { Attributes = {} } = await client.send(update);
        return { kind: 'begun', replay: replayOfItem(Attributes), turn: Number(Attributes['turn']?.N) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, 'UpdateItem')(error);
        return { kind: (await find(id)) === undefined ? 'unknown' : 'finished' };
      }
    },

    async save({ id, turn }, state) {
      const attributes = stateAttributes(state);
      const update = new UpdateItemCommand({
        TableName: table,
        Key: replayKey(id),
        ConditionExpression: 'turn = :turn',
        UpdateExpression: 'SET #status = :status, #state = :state, expiresAt = :expiresAt',
        ExpressionAttributeNames: { '#status': 'status', '#state': 'state' },
        ExpressionAttributeValues: {
          ':turn': { N: String(turn) },
          ':status': attributes.status,
          ':state': attributes.state,
          ':expiresAt': attributes.expiresAt,
        },
      });
      try {
        await client.send(update);
        return 'saved';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'lost';
        return unavailable(code, 'UpdateItem')(error);
      }
    },
  };
}
