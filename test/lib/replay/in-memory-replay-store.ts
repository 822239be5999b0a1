import type { ReplayId } from '#lib/delivery/replay-mark.ts';
import type { Replay, ReplayStore } from '#lib/replay/replay.ts';

/** ReplayStore in memory, for properties over many runs. It is held to the same contract as the real one. */
export function inMemoryReplayStore(): ReplayStore {
  const replays = new Map<ReplayId, { replay: Replay; turn: number }>();
  const isActive = ({ status }: Replay): boolean => status === 'queued' || status === 'running';
  return {
    create(replay) {
      const active = [...replays.values()].find((row) => row.replay.subscription === replay.subscription && isActive(row.replay));
      if (active !== undefined && active.replay.id !== replay.id) return Promise.resolve({ kind: 'busy', active: active.replay.id });
      replays.set(replay.id, { replay: structuredClone(replay), turn: 0 });
      return Promise.resolve({ kind: 'created' });
    },
    find: (id) => Promise.resolve(structuredClone(replays.get(id)?.replay)),
    list({ limit, cursor }) {
      const from = Number(cursor ?? 0);
      if (Number.isNaN(from)) return Promise.resolve({ kind: 'bad-cursor' });
      const all = [...replays.values()].map(({ replay }) => replay).toSorted((a, b) => (a.id < b.id ? 1 : -1));
      return Promise.resolve({
        kind: 'page',
        data: all.slice(from, from + limit),
        nextCursor: from + limit < all.length ? String(from + limit) : null,
      });
    },
    begin(id) {
      const row = replays.get(id);
      if (row === undefined) return Promise.resolve({ kind: 'unknown' });
      if (!isActive(row.replay)) return Promise.resolve({ kind: 'finished' });
      row.turn += 1;
      row.replay = { ...row.replay, status: 'running' };
      return Promise.resolve({ kind: 'begun', replay: structuredClone(row.replay), turn: row.turn });
    },
    save({ id, turn }, { status, error, partitions, updatedAt }) {
      const row = replays.get(id);
      if (row?.turn !== turn) return Promise.resolve('lost');
      row.replay = structuredClone({ ...row.replay, status, error, partitions, updatedAt });
      return Promise.resolve('saved');
    },
  };
}
