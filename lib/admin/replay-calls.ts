import { replayIdSchema } from '../delivery/replay-mark.ts';
import { createReplay } from '../replay/create-replay.ts';
import { replayTotals } from '../replay/replay-totals.ts';
import type { Replay } from '../replay/replay.ts';
import type { AdminCall } from './admin-call.ts';
import { readCallBody } from './call-body.ts';
import { badCursor, readQuery } from './query.ts';

export const createReplayCall: AdminCall = async ({ request }, parts) => {
  const body = readCallBody(request, { required: true });
  if (body.kind !== 'read') return body;
  const outcome = await createReplay(body.value, parts);
  if (outcome.kind === 'invalid') return outcome;
  if (outcome.kind === 'busy') return { kind: 'conflict', detail: `The subscription's replay ${outcome.active} is not finished` };
  return { kind: 'accepted', location: `/v1/replays/${outcome.replay.id}`, body: replayView(outcome.replay) };
};

export const listReplaysCall: AdminCall = async ({ request }, { replays }) => {
  const query = readQuery(request.query, {});
  if (query.kind === 'invalid') return query;
  const page = await replays.list(query.value);
  if (page.kind === 'bad-cursor') return badCursor;
  return { kind: 'found', body: { data: page.data.map(replayView), nextCursor: page.nextCursor } };
};

export const getReplayCall: AdminCall = async ({ name }, { replays }) => {
  const id = replayIdSchema.safeParse(name);
  const replay = id.success ? await replays.find(id.data) : undefined;
  return replay === undefined ? { kind: 'not-found' } : { kind: 'found', body: replayView(replay) };
};

function replayView(replay: Replay): object {
  const { id, subscription, from, to, types, user, full, status, error, partitions, createdAt, updatedAt } = replay;
  return {
    id,
    subscription,
    from,
    to,
    ...(types === undefined ? {} : { types }),
    ...(user === undefined ? {} : { user }),
    full,
    status,
    error,
    ...replayTotals(replay),
    partitions: partitions.map(({ partition, start, end, next }) => ({ partition, start, end, next })),
    createdAt,
    updatedAt,
  };
}
