import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { ReplayId } from '../delivery/replay-mark.ts';
import { RelayError } from '../errors.ts';
import { replaySchema, type Replay, type ReplayState } from '../replay/replay.ts';

type Item = Record<string, AttributeValue>;

/** How long a replay can be looked at after it was last written. */
const retentionDays = 90;

export function replayKey(id: ReplayId): Item {
  return { kind: { S: 'replay' }, id: { S: id } };
}

/** What a run writes is an attribute of its own; the rest is written once and kept as JSON. */
export function replayItem({ status, error, partitions, updatedAt, ...fixed }: Replay): Item {
  return {
    ...replayKey(fixed.id),
    replay: { S: JSON.stringify(fixed) },
    turn: { N: '0' },
    ...stateAttributes({ status, error, partitions, updatedAt }),
  };
}

export function stateAttributes({
  status,
  error,
  partitions,
  updatedAt,
}: ReplayState): Record<'status' | 'state' | 'expiresAt', AttributeValue> {
  const expiresAt = Math.floor(Date.parse(updatedAt) / 1_000) + retentionDays * 24 * 60 * 60;
  return { status: { S: status }, state: { S: JSON.stringify({ error, partitions, updatedAt }) }, expiresAt: { N: String(expiresAt) } };
}

/** @throws RelayError REPLAY_STORE_UNAVAILABLE when the item is none of ours. */
export function replayOfItem(item: Item): Replay {
  const json = (name: string): unknown => JSON.parse(item[name]?.S ?? 'null') as unknown;
  try {
    const [fixed, state] = [json('replay'), json('state')].map((value) => z.record(z.string(), z.unknown()).parse(value));
    return replaySchema.parse({ ...fixed, ...state, status: item['status']?.S });
  } catch (cause) {
    throw new RelayError('REPLAY_STORE_UNAVAILABLE', 'A stored replay cannot be read', { facts: { replay: item['id']?.S ?? '?' }, cause });
  }
}
