import { describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { workReplays, type WorkReplaysParts } from '#lib/replay/work-replays.ts';
import { recordOf, replayId, ReplayHarness } from './replay-harness.ts';

async function prepared() {
  const harness = new ReplayHarness([[recordOf(0, 0, { type: 'identity.user.activated', user: 'ana', at: 1 })]]);
  await harness.create();
  const waits: (readonly [string, number])[] = [];
  const visibility = { change: (handle: string, seconds: number) => Promise.resolve(void waits.push([handle, seconds])) };
  const work = (replacing: Partial<WorkReplaysParts> = {}) =>
    workReplays({ ...harness.parts, visibility, ...replacing }, [{ messageId: 'm', receiptHandle: 'h', body: JSON.stringify({ v: 1, replay: replayId }) }], () => 300_000); // prettier-ignore
  return { harness, waits, work };
}

describe('working the messages of the replay queue', () => {
  it('hides a message for little longer than the invocation, so that a killed run is soon taken up again', async () => {
    const { waits, work } = await prepared();
    expect(await work()).toMatchObject({ failures: [], outcomes: [{ kind: 'done' }], errors: [] });
    expect(waits).toEqual([['h', 330]]);
  });

  it('keeps the message for half a minute after an outage, and reports it', async () => {
    const { waits, work } = await prepared();
    const away = new RelayError('CHANGE_LOG_UNAVAILABLE', 'away');
    const log = { locate: () => Promise.reject(away), read: () => Promise.reject(away), close: () => Promise.resolve() };
    expect(await work({ log })).toMatchObject({ failures: ['m'], outcomes: [], errors: [away] });
    expect(waits.at(-1)).toEqual(['h', 30]);
    expect(await work()).toMatchObject({ failures: [], outcomes: [{ kind: 'done' }] });
  });

  it('keeps the message when not even its wait can be set', async () => {
    const { harness, work } = await prepared();
    const away = new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'away');
    expect(await work({ visibility: { change: () => Promise.reject(away) } })).toMatchObject({ failures: ['m'], errors: [away, away] });
    expect(harness.sent()).toEqual([]);
  });

  it('leaves the message of a replay that another run took over to that run', async () => {
    const { harness, waits, work } = await prepared();
    const { store } = harness.parts;
    const begin: typeof store.begin = async (id) => {
      const begun = await store.begin(id);
      await store.begin(id);
      return begun;
    };
    expect(await work({ store: { ...store, begin } })).toMatchObject({ failures: ['m'], outcomes: [{ kind: 'lost' }] });
    expect(waits).toHaveLength(1);
  });
});
