import { expect } from 'vitest';
import type { ListedDelivery } from '../support/relay-client.ts';
import type { WebhookReceiver } from '../support/webhook-receiver.ts';

/** A change that the relay has taken; `state` tells those that set a state from facts. */
export interface Sent {
  readonly uuid: string;
  readonly userId: string;
  readonly kind: 'state' | 'removal' | 'fact';
}

/** What a subscriber got, and what the log says of it in the end, by change. */
export interface Served {
  readonly name: string;
  readonly receiver: WebhookReceiver;
  readonly log: ReadonlyMap<string, ListedDelivery>;
}

const lanesOf = (sent: readonly Sent[]) => [...Map.groupBy(sent, ({ userId }) => userId)];
const idsOf = (sent: readonly Sent[]) => sent.map(({ uuid }) => uuid);

/**
 * What is promised to each subscriber, whatever it did. Of each person it took the states in order, none of them stale, and the last word is the sender's:
 * from the last removal on it took everything, for nothing waits behind that for which anybody would have to yield.
 */
export function expectInOrder({ name, receiver }: Served, sent: readonly Sent[]): void {
  expect(
    receiver.received.every(({ verified }) => verified),
    `${name}: signatures`,
  ).toBe(true);
  const accepted = receiver.accepted();
  for (const [userId, lane] of lanesOf(sent)) {
    const states = idsOf(lane.filter(({ kind }) => kind !== 'fact'));
    const got = accepted.filter(({ id }) => states.includes(id));
    const taken = got.map(({ id }) => id);
    expect(taken, `${name}: order of ${userId}`).toEqual(states.filter((id) => taken.includes(id)));
    const sequences = got.map(({ change }) => change.sequence);
    expect(sequences, `${name}: sequences of ${userId}`).toEqual(sequences.toSorted());
    const lastWords = idsOf(lane.slice(lane.findLastIndex(({ kind }) => kind === 'removal')));
    const all = new Set(accepted.map(({ id }) => id));
    expect(
      lastWords.filter((id) => !all.has(id)),
      `${name}: the last words on ${userId}`,
    ).toEqual([]);
  }
}

/**
 * Each lane came in order, its facts too, which no guard keeps from coming late: what had to wait for a retry had those behind it wait as well. Judged by
 * the last time that each was taken, which is when it was recorded. What a removal sent ahead is taken out of its turn when the relay is killed before
 * the record of that; then it is repeated in its turn.
 */
export function expectLanesInOrder({ name, receiver, log }: Served, sent: readonly Sent[]): void {
  const taken = receiver.received.filter(({ answer }) => answer === 204).map(({ id }) => id);
  const lastTaken = new Map(taken.map((id, at) => [id, at]));
  for (const [userId, lane] of lanesOf(sent)) {
    const delivered = idsOf(lane).filter((id) => log.get(id)?.status === 'delivered');
    const came = delivered.toSorted((one, other) => (lastTaken.get(one) ?? -1) - (lastTaken.get(other) ?? -1));
    expect(came, `${name}: lane of ${userId}`).toEqual(delivered);
  }
}

/** Nothing is ever sent for the first time once something behind it was taken: a removal is let ahead of what has failed, not of what nobody has tried. */
export function expectNothingStale({ name, receiver }: Served): void {
  const highest = new Map<string, string>();
  const seen = new Set<string>();
  for (const { id, change, answer } of receiver.received) {
    const user = change.data.user?.id ?? '';
    const before = highest.get(user) ?? '';
    if (!seen.has(id)) expect(change.sequence > before, `${name}: ${change.sequence} came after ${before}`).toBe(true);
    seen.add(id);
    if (answer === 204 && change.sequence > before) highest.set(user, change.sequence);
  }
}

/**
 * Each change was taken, or is in the log as overtaken: dead as yielded, or superseded where the guard was first to know, which it never is of a fact.
 * Answers those that yielded.
 */
export function expectNothingLost(served: Served, sent: readonly Sent[]): ListedDelivery[] {
  const { name, receiver, log } = served;
  const taken = new Set(receiver.accepted().map(({ id }) => id));
  for (const { uuid, kind } of sent.filter((one) => !taken.has(one.uuid))) {
    const { status, reason } = log.get(uuid) ?? { status: 'nowhere' };
    const ends = kind === 'fact' ? ['dead yielded'] : ['dead yielded', 'superseded'];
    expect(ends, `${name}: ${kind} ${uuid}`).toContain([status, reason ?? []].flat().join(' '));
  }
  const rows = [...log.values()];
  const left = rows.filter(({ status }) => status === 'pending' || status === 'parked');
  expect(left, `${name}: left over`).toEqual([]);
  for (const [, lane] of lanesOf(sent)) expectYieldedToRemovals(served, lane);
  return rows.filter(({ reason }) => reason === 'yielded');
}

/** Who yields has failed, and not since something behind it got through, in front of a removal or that itself. */
function expectYieldedToRemovals({ name, log }: Served, lane: readonly Sent[]): void {
  const attemptOf = (row: ListedDelivery | undefined) => row?.attempts.at(-1)?.time;
  const ahead = lane.slice(0, lane.findLastIndex(({ kind }) => kind === 'removal') + 1);
  for (const [at, { uuid, kind }] of lane.entries()) {
    const row = log.get(uuid);
    if (row?.reason !== 'yielded') continue;
    const failedAt = attemptOf(row);
    expect(failedAt, `${name}: ${kind} ${uuid} yielded untried`).toBeDefined();
    const through = idsOf(ahead.slice(at + 1)).map((id) => log.get(id));
    const gotThrough = through.filter((later) => later?.status === 'delivered' && (attemptOf(later) ?? '') >= (failedAt ?? ''));
    expect(gotThrough.length, `${name}: ${kind} ${uuid} yielded to nobody`).toBeGreaterThan(0);
  }
}
