import { newUlid } from '../subscriptions/ulid.ts';
import { replayIdSchema, type ReplayId } from './replay-mark.ts';

/** For a replay or a recovery: `rpl_` and a ULID in lower case, so that ids sort by time of creation. */
export function newReplayId(now: Date, randomBytes: (count: number) => Uint8Array): ReplayId {
  return replayIdSchema.parse(`rpl_${newUlid(now, randomBytes)}`);
}
