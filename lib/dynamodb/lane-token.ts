import { dueWhenHastened } from '../delivery/due-when-hastened.ts';
import type { HeldLane, LaneKey, LaneStore, ParkedLane, TriedPart } from '../delivery/lane-store.ts';
import { dueAttributesOf, laneExpiryOf, laneKeyOf, laneOf, triedAttributes, triedAttributesOf, type LaneTable } from './lane-item.ts';
import { deleteItem, updateItem } from './lane-write.ts';

interface Release {
  readonly token: string;
  readonly lostAt: Date;
  readonly tried?: TriedPart | undefined;
}

type Waiting = Parameters<LaneStore['release']>[1];

const tokenOut = (lane: LaneKey, { token, lostAt }: Release) => ({ token: { S: token }, ...dueAttributesOf(lane, lostAt) });

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function issueToken(lanes: LaneTable, seen: Parameters<LaneStore['issue']>[0], release: Release): Promise<boolean> {
  const outcome = await updateItem(lanes, {
    key: laneKeyOf(seen),
    when: { epoch: { S: seen.epoch }, dueAt: { S: seen.dueAt.toISOString() } },
    set: tokenOut(seen, release),
  });
  // The answer to this write was lost and the SDK made it again: the token it met is its own.
  return outcome.kind === 'written' || outcome.found?.['token']?.S === release.token;
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function takeLane(
  lanes: LaneTable,
  lane: Parameters<LaneStore['take']>[0],
  release: Release,
): Promise<ParkedLane | undefined> {
  const outcome = await updateItem(lanes, {
    key: laneKeyOf(lane),
    when: { token: { S: release.token }, ...(release.tried === undefined ? {} : wishAsSeen(lane)) },
    set: { ...dueAttributesOf(lane, release.lostAt), ...triedAttributesOf(release.tried) },
  });
  return outcome.kind === 'written' ? laneOf(outcome.item) : undefined;
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function seizeLane(lanes: LaneTable, lane: ParkedLane, release: Release): Promise<ParkedLane | undefined> {
  const outcome = await updateItem(lanes, {
    key: laneKeyOf(lane),
    when: { epoch: { S: lane.epoch } },
    set: tokenOut(lane, release),
  });
  return outcome.kind === 'written' ? laneOf(outcome.item) : undefined;
}

/** `usedAt`: it is forgotten so long after that, if it is not touched again. @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function releaseLane(
  lanes: LaneTable,
  lane: HeldLane,
  { dueAt, reason, tried, usedAt = dueAt }: Waiting & { readonly usedAt?: Date },
): Promise<boolean> {
  if (lane.token === undefined) return false;
  const token = { S: lane.token };
  const outcome = await updateItem(lanes, {
    key: laneKeyOf(lane),
    when: asSeen(lane),
    set: {
      ...{ ...dueAttributesOf(lane, dueAt), ...laneExpiryOf(usedAt) },
      ...{ ...triedAttributesOf(tried), reason: { S: reason }, releasedBy: token },
    },
    remove: ['token', ...(tried === undefined ? triedAttributes : [])],
  });
  const hastened = outcome.kind === 'refused' && outcome.found?.['token']?.S === lane.token ? laneOf(outcome.found) : undefined;
  // It was hastened since the holder saw it: one more round for each time.
  const at = hastened?.hastenedAt;
  if (hastened !== undefined && at !== undefined && at.getTime() !== lane.hastenedAt?.getTime())
    return releaseLane(lanes, { ...lane, hastenedAt: at }, { dueAt: dueWhenHastened(hastened, at), reason, usedAt: at });
  // As in `issueToken`: the release it met is its own.
  return outcome.kind === 'written' || (outcome.found?.['token'] === undefined && outcome.found?.['releasedBy']?.S === lane.token);
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function hastenLane(lanes: LaneTable, seen: Parameters<LaneStore['hasten']>[0], at: Date): Promise<boolean> {
  const hastenedAt = { S: at.toISOString() };
  // It may have been parked for longer than lanes are remembered, others having come behind those that left it.
  const due = { ...dueAttributesOf(seen, dueWhenHastened(seen, at)), ...laneExpiryOf(at) };
  const outcome = await updateItem(lanes, {
    key: laneKeyOf(seen),
    when: asSeen(seen),
    set: { hastenedAt, ...(seen.token === undefined ? due : {}) },
    remove: triedAttributes,
  });
  // As in `issueToken`; another's of the same time does the same.
  return outcome.kind === 'written' || (outcome.found?.['epoch']?.S === seen.epoch && outcome.found['hastenedAt']?.S === hastenedAt.S);
}

function asSeen({ epoch, token, ...wish }: HeldLane) {
  return { epoch: { S: epoch }, token: token === undefined ? null : { S: token }, ...wishAsSeen(wish) };
}

function wishAsSeen({ hastenedAt }: Pick<HeldLane, 'hastenedAt'>) {
  return { hastenedAt: hastenedAt === undefined ? null : { S: hastenedAt.toISOString() } };
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE */
export async function reopenLane(lanes: LaneTable, lane: HeldLane & Pick<ParkedLane, 'tail'>): Promise<boolean> {
  if (lane.token === undefined) return false;
  const outcome = await deleteItem(lanes, laneKeyOf(lane), {
    epoch: { S: lane.epoch },
    token: { S: lane.token },
    tail: { N: String(lane.tail) },
  });
  // No item: a try of this write whose answer was lost opened it, or who held a later token did.
  return outcome.kind === 'written' || outcome.found === undefined;
}
