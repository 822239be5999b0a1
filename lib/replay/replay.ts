import * as z from 'zod';
import { replayIdSchema, type ReplayId } from '../delivery/replay-mark.ts';
import { subscriptionIdSchema, type SubscriptionId } from '../subscriptions/subscription.ts';

export const replayStatuses = ['queued', 'running', 'done', 'failed'] as const;

/**
 * Why a replay cannot go on, ever, or with `range-gone`: why it is not all of its window, though everything that was left of it is on
 * its way. What may pass (an outage) is waited for instead.
 */
export const replayFailures = ['subscription-deleted', 'subscription-disabled', 'range-gone'] as const;
export type ReplayFailure = (typeof replayFailures)[number];

const offset = z.int().min(0);
const stretchSchema = z.object({ start: offset, end: offset });

const partitionProgressSchema = z.object({
  partition: z.int().min(0),
  /** The range, as it was when the replay began: offsets from `start` up to, not including, `end`. */
  start: offset,
  end: offset,
  /** Everything before it is done. */
  next: offset,
  /** Within it the newest change of each state key is known; see replay-partition.ts. */
  stretch: stretchSchema.optional(),
  /** Records of the window that were looked at. */
  read: z.int(),
  /** Of those: what the subscription, `types` and `user` ask for. */
  matched: z.int(),
  /**
   * Of those: what was put on the queue of deliveries; the others are older than another one of the same state key. What a run that was
   * killed had put there after its last note is counted by the run that comes to it again; where the log or the subscription no longer has it, it
   * is not counted, though it is on its way.
   */
  queued: z.int(),
  /** Of those read: unreadable, or refused by the queue. */
  skipped: z.int(),
  /** Offsets of the range that the log had dropped before they were written down as done; absent: none. */
  gone: z.int().optional(),
});
export type PartitionProgress = z.infer<typeof partitionProgressSchema>;

/** A replay as it is stored. */
export const replaySchema = z.object({
  id: replayIdSchema,
  subscription: subscriptionIdSchema,
  /** The window, over the time a change was appended to the log: `from` is in it, `to` is not. */
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  /** Change types as in a subscription; absent: all that the subscription asks for. */
  types: z.array(z.string()).optional(),
  /** An Okta user's id. */
  user: z.string().optional(),
  /** Every change of the window, not only the newest per state key, and whatever was delivered since. */
  full: z.boolean(),
  status: z.enum(replayStatuses),
  error: z.enum(replayFailures).nullable(),
  /** Empty until the range was looked up. */
  partitions: z.array(partitionProgressSchema),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Replay = z.infer<typeof replaySchema>;

/** What a run writes down. */
export type ReplayState = Pick<Replay, 'status' | 'error' | 'partitions' | 'updatedAt'>;

export type BegunReplay =
  /** `turn` is this run's: each run of a replay takes a higher one, and with that ends the one before. */
  | { readonly kind: 'begun'; readonly replay: Replay; readonly turn: number }
  /** Done or failed already. */
  | { readonly kind: 'finished' }
  | { readonly kind: 'unknown' };

/** Port: replays and how far they are. @throws RelayError REPLAY_STORE_UNAVAILABLE */
export interface ReplayStore {
  /** `busy`: the subscription has a replay that is not finished. */
  create(replay: Replay): Promise<{ readonly kind: 'created' } | { readonly kind: 'busy'; readonly active: ReplayId }>;
  find(id: ReplayId): Promise<Replay | undefined>;
  /** Newest first. */
  list(page: { limit: number; cursor?: string | undefined }): Promise<ReplayPage>;
  begin(id: ReplayId): Promise<BegunReplay>;
  /** `lost`, and nothing written, when another run has begun since. */
  save(run: { readonly id: ReplayId; readonly turn: number }, state: ReplayState): Promise<'saved' | 'lost'>;
}

export type ReplayPage =
  | { readonly kind: 'page'; readonly data: readonly Replay[]; readonly nextCursor: string | null }
  /** The cursor is none that a page of this list ended with. */
  | { readonly kind: 'bad-cursor' };

/** Port: asks for a replay's next run. Asking twice does no harm. @throws RelayError REPLAY_QUEUE_UNAVAILABLE */
export interface ReplayQueue {
  send(replay: { readonly id: ReplayId; readonly subscription: SubscriptionId }): Promise<void>;
}
