import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { replayIdSchema, type ReplayId } from '../delivery/replay-mark.ts';
import { RelayError } from '../errors.ts';
import type { Replay, ReplayStore } from '../replay/replay.ts';
import type { SubscriptionId } from '../subscriptions/subscription.ts';
import { replayItem } from './replay-item.ts';
import { unavailable } from './unavailable.ts';

type Table = { readonly client: DynamoDBClient; readonly table: string };

const code = 'REPLAY_STORE_UNAVAILABLE';
/** Between a claim and its replay's item lies one write. A claim without a replay that is older than this was left by a process that died. */
const orphanMs = 60_000;
/** Each round takes over from one finished replay; more of them is no race any more. */
const maxRounds = 3;

/**
 * Stores a replay unless its subscription has one that is not finished. There are no transactions over two items here, so the
 * subscription is claimed first, by an item that names its replay; a claim whose replay is finished, or was never stored, is taken over.
 * @throws RelayError REPLAY_STORE_UNAVAILABLE
 */
export async function createReplayItem(
  store: Table & { find(id: ReplayId): Promise<Replay | undefined> },
  replay: Replay,
): Promise<Awaited<ReturnType<ReplayStore['create']>>> {
  let previous: ReplayId | undefined;
  for (let round = 0; round < maxRounds; round += 1) {
    const holder = await claim(store, replay, previous);
    if (holder === undefined || holder.replay === replay.id) {
      const put = new PutItemCommand({ TableName: store.table, Item: replayItem(replay) });
      await store.client.send(put).catch(unavailable(code, 'PutItem'));
      return { kind: 'created' };
    }
    const active = await store.find(holder.replay);
    const isOrphan = active === undefined && Date.parse(replay.createdAt) - Date.parse(holder.claimedAt) >= orphanMs;
    const isFinished = active?.status === 'done' || active?.status === 'failed';
    if (!isOrphan && !isFinished) return { kind: 'busy', active: holder.replay };
    previous = holder.replay;
  }
  throw new RelayError(code, 'A subscription could not be claimed for a replay although nobody held it', {
    facts: { subscription: replay.subscription },
  });
}

interface Holder {
  readonly replay: ReplayId;
  readonly claimedAt: string;
}

/** Undefined when the claim is ours now; else who has it. */
async function claim({ client, table }: Table, replay: Replay, previous: ReplayId | undefined): Promise<Holder | undefined> {
  const key = claimKey(replay.subscription);
  const isFree = 'attribute_not_exists(id)';
  const put = new PutItemCommand({
    TableName: table,
    Item: { ...key, active: { S: replay.id }, claimedAt: { S: replay.createdAt } },
    ConditionExpression: previous === undefined ? isFree : `${isFree} OR active = :previous`,
    ...(previous === undefined ? {} : { ExpressionAttributeValues: { ':previous': { S: previous } } }),
  });
  try {
    await client.send(put);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) return unavailable(code, 'PutItem')(error);
    const get = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
    const { Item } = await client.send(get).catch(unavailable(code, 'GetItem'));
    const active = replayIdSchema.safeParse(Item?.['active']?.S);
    if (!active.success)
      throw new RelayError(code, 'A claim on a subscription cannot be read', { facts: { subscription: replay.subscription } });
    return { replay: active.data, claimedAt: Item?.['claimedAt']?.S ?? '' };
  }
}

function claimKey(subscription: SubscriptionId) {
  return { kind: { S: 'claim' }, id: { S: subscription } };
}
