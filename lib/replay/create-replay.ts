import { newReplayId } from '../delivery/new-replay-id.ts';
import type { ReplayId } from '../delivery/replay-mark.ts';
import { fieldProblemsOf, type FieldProblem } from '../subscriptions/field-problems.ts';
import type { SubscriptionStore } from '../subscriptions/subscription.ts';
import { replayRequestSchema, type ReplayRequest } from './replay-request.ts';
import type { Replay, ReplayQueue, ReplayStore } from './replay.ts';

export interface CreateReplayParts {
  readonly subscriptions: Pick<SubscriptionStore, 'find'>;
  readonly replays: Pick<ReplayStore, 'create'>;
  readonly replayQueue: ReplayQueue;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
}

export type CreateReplayOutcome =
  | { readonly kind: 'queued'; readonly replay: Replay }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] }
  /** The subscription has one that is not finished. It was asked to go on, should its own message have been lost. */
  | { readonly kind: 'busy'; readonly active: ReplayId };

/**
 * Starts a replay from what an operator sent.
 *
 * It is stored first and put on the queue then. Killed in between, it is stored and asleep, which is why the next one who asks for a
 * replay of the subscription wakes it; the other order would let the function meet a replay that is not there.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE, REPLAY_STORE_UNAVAILABLE; REPLAY_QUEUE_UNAVAILABLE: it is stored and asleep
 */
export async function createReplay(body: unknown, parts: CreateReplayParts): Promise<CreateReplayOutcome> {
  const at = parts.now();
  const parsed = replayRequestSchema(at).safeParse(body);
  if (!parsed.success) return { kind: 'invalid', errors: fieldProblemsOf(parsed.error) };
  const request = parsed.data;
  const subscription = await parts.subscriptions.find(request.subscription);
  if (subscription === undefined) return invalidSubscription('is no subscription');
  // To a paused one it is sent after the pause, in the order of its lanes.
  if (subscription.status !== 'active' && subscription.status !== 'paused')
    return invalidSubscription('is disabled: nothing is sent to it');

  const replay = replayOf(request, newReplayId(at, parts.randomBytes), at);
  const stored = await parts.replays.create(replay);
  const active = stored.kind === 'created' ? replay.id : stored.active;
  await parts.replayQueue.send({ id: active, subscription: request.subscription });
  return stored.kind === 'created' ? { kind: 'queued', replay } : { kind: 'busy', active };
}

function invalidSubscription(detail: string): CreateReplayOutcome {
  return { kind: 'invalid', errors: [{ pointer: '/subscription', detail }] };
}

function replayOf({ subscription, from, to, types, user, full }: ReplayRequest, id: ReplayId, at: Date): Replay {
  const time = at.toISOString();
  return {
    id,
    subscription,
    from: from.toISOString(),
    to: to.toISOString(),
    ...(types === undefined ? {} : { types }),
    ...(user === undefined ? {} : { user }),
    full,
    status: 'queued',
    error: null,
    partitions: [],
    createdAt: time,
    updatedAt: time,
  };
}
