import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayIdSchema } from '#lib/delivery/replay-mark.ts';
import { replaySchema, type PartitionProgress, type Replay, type ReplayState, type ReplayStore } from '#lib/replay/replay.ts';

export interface ReplayStoreUnderTest {
  readonly store: ReplayStore;
  stop(): Promise<void>;
}

const title = (claim: string) => `[port: ReplayStore] ${claim}`;
const createdAt = '2026-11-22T06:00:00.000Z';

/** `number` makes the id, and ids sort by it; each has a subscription of its own unless told otherwise. */
export function storedReplay(number: number, overrides: Partial<Replay> = {}): Replay {
  return replaySchema.parse({
    id: `rpl_${String(number).padStart(26, '0')}`,
    subscription: `sub_${String(number).padStart(26, '0')}`,
    from: '2026-11-21T10:00:00.000Z',
    to: '2026-11-21T11:00:00.000Z',
    full: false,
    status: 'queued',
    error: null,
    partitions: [],
    createdAt,
    updatedAt: createdAt,
    ...overrides,
  });
}

const progress: PartitionProgress = { partition: 3, start: 10, end: 90, next: 40, stretch: { start: 10, end: 90 }, read: 30, matched: 20, queued: 10, skipped: 1 }; // prettier-ignore

/** What lib/replay/replay.ts promises of a store, of any implementation. `open` answers an empty one. */
export function replayStoreContract(name: string, open: () => Promise<ReplayStoreUnderTest>): void {
  describe(`ReplayStore × ${name}`, () => {
    let under: ReplayStoreUnderTest;
    let store: ReplayStore;
    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    afterAll(() => under.stop());

    it(title('answers a replay as it was created, and nothing for one that was not'), async () => {
      const replay = storedReplay(1, { types: ['identity.user.*'], user: '00u1', full: true });
      expect(await store.create(replay)).toEqual({ kind: 'created' });
      expect(await store.find(replay.id)).toEqual(replay);
      expect(await store.find(storedReplay(99).id)).toBeUndefined();
    });

    it(title('has one unfinished replay for a subscription'), async () => {
      const first = storedReplay(10);
      const second = storedReplay(11, { subscription: first.subscription });
      await store.create(first);
      expect(await store.create(second)).toEqual({ kind: 'busy', active: first.id });
      const begun = await store.begin(first.id);
      expect(await store.create(second)).toEqual({ kind: 'busy', active: first.id });
      expect(begun.kind === 'begun' && (await store.save({ id: first.id, turn: begun.turn }, { ...first, status: 'failed', error: 'range-gone' }))).toBe('saved'); // prettier-ignore
      expect(await store.create(second)).toEqual({ kind: 'created' });
    });

    it(title('lets one of two through that come at once'), async () => {
      const pair = [storedReplay(20), storedReplay(21, { subscription: storedReplay(20).subscription })];
      const kinds = await Promise.all(pair.map(async (replay) => (await store.create(replay)).kind));
      expect(kinds.toSorted()).toEqual(['busy', 'created']);
    });

    it(title('creates the same replay again, so that a lost answer can be asked for again'), async () => {
      const replay = storedReplay(25);
      expect([await store.create(replay), await store.create(replay)]).toEqual([{ kind: 'created' }, { kind: 'created' }]);
    });

    it(title('gives each run a turn, and lets only the latest write'), async () => {
      const replay = storedReplay(30);
      await store.create(replay);
      const one = await store.begin(replay.id);
      const two = await store.begin(replay.id);
      if (one.kind !== 'begun' || two.kind !== 'begun') throw new Error('not begun');
      expect(two.turn).toBeGreaterThan(one.turn);
      expect(one.replay).toEqual({ ...replay, status: 'running' });
      const state: ReplayState = { status: 'running', error: null, partitions: [progress], updatedAt: '2026-11-22T06:00:05.000Z' };
      expect(await store.save({ id: replay.id, turn: one.turn }, state)).toBe('lost');
      expect(await store.find(replay.id)).toMatchObject({ partitions: [] });
      expect(await store.save({ id: replay.id, turn: two.turn }, state)).toBe('saved');
      expect(await store.find(replay.id)).toEqual({ ...replay, ...state });
      expect(await store.begin(replay.id)).toMatchObject({ kind: 'begun', replay: { partitions: [progress] } });
    });

    it(title('begins nothing that is finished, or is not there'), async () => {
      const replay = storedReplay(40);
      await store.create(replay);
      const begun = await store.begin(replay.id);
      if (begun.kind !== 'begun') throw new Error('not begun');
      await store.save({ id: replay.id, turn: begun.turn }, { ...replay, status: 'done' });
      expect(await store.begin(replay.id)).toEqual({ kind: 'finished' });
      expect(await store.begin(replayIdSchema.parse('rpl_00000000000000000000000098'))).toEqual({ kind: 'unknown' });
    });

    it(title('lists the newest first, page by page, and knows its own cursors'), async () => {
      const whole = await store.list({ limit: 100 });
      if (whole.kind !== 'page') throw new Error('no page');
      const numbers = whole.data.map(({ id }) => id);
      expect(numbers).toEqual(numbers.toSorted().toReversed());
      const first = await store.list({ limit: 2 });
      if (first.kind !== 'page') throw new Error('no page');
      const rest = await store.list({ limit: 100, cursor: first.nextCursor ?? '' });
      expect(rest).toMatchObject({ kind: 'page', nextCursor: null });
      expect([...first.data, ...(rest.kind === 'page' ? rest.data : [])]).toEqual(whole.data);
      expect(await store.list({ limit: 2, cursor: 'x' })).toEqual({ kind: 'bad-cursor' });
    });
  });
}
