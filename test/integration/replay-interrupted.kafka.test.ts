import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReplayId } from '#lib/delivery/replay-mark.ts';
import { replayTotals } from '#lib/replay/replay-totals.ts';
import type { Replay } from '#lib/replay/replay.ts';
import { aMoment } from '../e2e/replay-beside-live.ts';
import { noKafka, sharedKafkaBrokers } from '../support/kafka-broker.ts';
import { eventually } from '../support/relay-client.ts';
import { scaled } from '../support/scale.ts';
import { startReplayFunction, type ReplayFunction, type TimeLimit } from './replay-function.ts';
import { startReplayStage, type Happening, type ReplayStage } from './replay-stage.ts';

/**
 * What a short invocation looks ahead over is a stretch of its own, and a range of several sends a state once for each (decision 10). Of so
 * few people each partition is one stretch, and exactly what is owed comes. Of more, older states come too: as many as the record counts.
 */
const oneStretchPeople = 60;

const brokers = sharedKafkaBrokers();
const ample: TimeLimit = { kind: 'clock', ms: 300_000 };
/** A dozen questions how much time is left, above the twenty seconds that a run keeps for ending (lib/replay/run-replay.ts). */
const short: TimeLimit = { kind: 'questions', ms: 30_900, eachQuestionMs: 800 };

describe.skipIf(brokers === undefined)(
  `a replay from Apache Kafka that is interrupted${brokers === undefined ? ` (${noKafka})` : ''}`,
  () => {
    let stage: ReplayStage;
    let replaying: ReplayFunction;
    beforeAll(async () => {
      stage = await startReplayStage(brokers ?? []);
    });
    afterAll(() => stage.stop());
    beforeEach(async () => {
      stage.subscriber.received.length = 0;
      replaying = await startReplayFunction(stage.environment);
    });
    afterEach(() => replaying.kill());

    interface Prepared {
      readonly id: ReplayId;
      readonly read: number;
      /** Facts, and each person's newest state. */
      readonly owed: readonly Happening[];
      /** The other states of the window. */
      readonly older: readonly Happening[];
    }

    /** A window of `people` times twelve changes: four of one state, eight facts. Outside of it more of the same people. */
    async function prepare(people: number): Promise<Prepared> {
      const users = Array.from({ length: people }, (_, index) => `00u${index}x${randomUUID().slice(0, 8)}`);
      const tell = async (isState: boolean): Promise<Happening[]> => {
        const happenings = users.map((user) => ({ id: randomUUID(), user, isState }));
        await stage.append(happenings);
        return happenings;
      };
      await tell(true);
      const from = await aMoment();
      const rounds: Happening[][] = [];
      for (let round = 0; round < 12; round += 1) rounds.push(await tell(round % 3 === 2));
      const to = await aMoment();
      await tell(true);
      // The last round is one of states: each person's newest.
      const [owed, older] = [true, false].map((isOwed) => rounds.filter((_, round) => (round % 3 !== 2 || round === 11) === isOwed).flat());
      return { id: await stage.post({ from, to }), read: people * rounds.length, owed: owed ?? [], older: older ?? [] };
    }

    /**
     * Waits until nothing of the replay is on its way and holds what came against its record: as many as that counts, each signed and in its
     * person's order, nothing besides what is owed and older states of the window.
     * @returns what is owed and did not come, and how many came again
     */
    async function arrivedOf({ id, owed, older }: Prepared): Promise<{ missing: Happening[]; repeats: number }> {
      await stage.drained();
      const received = stage.subscriber.received.filter(({ headers }) => headers['relay-replay'] === id);
      const ids = new Set(received.map((webhook) => webhook.id));
      expect(ids.size, 'as many as the record says').toBe(replayTotals(await stage.replay(id)).queued);
      const inWindow = new Set([...owed, ...older].map((one) => one.id));
      expect([...ids].filter((one) => !inWindow.has(one))).toEqual([]);
      expect(received.every(({ verified }) => verified)).toBe(true);
      for (const [user, own] of Map.groupBy(received, ({ change }) => change.data.user?.id)) {
        const sequences = own.map(({ change }) => change.sequence);
        expect(sequences, `order of ${user}`).toEqual(sequences.toSorted());
      }
      // What was put on the queue twice is one delivery. Only a 2xx that deliver could not record comes again, and each is an error there.
      const repeats = received.length - ids.size;
      expect(repeats, 'repeats').toBeLessThanOrEqual(stage.deliverErrors());
      return { missing: owed.filter((one) => !ids.has(one.id)), repeats };
    }

    const doneRecords = ({ partitions }: Replay): number => partitions.reduce((sum, { start, next }) => sum + next - start, 0);
    const isInTheMiddle = ({ status, partitions }: Replay): boolean =>
      status === 'running' && partitions.some(({ start, next }) => next > start) && partitions.some(({ next, end }) => next < end);

    it('is taken up again when the process of its function is killed in the middle, and sends exactly the range', async () => {
      const prepared = await prepare(scaled(400, 80));
      const { id, read, owed } = prepared;
      const kills: string[] = [];
      for (let kill = 0; kill < scaled(3, 1); kill += 1) {
        const message = await stage.receive();
        const before = doneRecords(await stage.replay(id));
        const running = replaying.invoke(message, ample);
        const ended = expect(running).rejects.toThrow('ended');
        await eventually(
          () => stage.replay(id),
          (replay) => isInTheMiddle(replay) && doneRecords(replay) > before,
          { what: 'the middle of the replay', everyMs: 1 },
        );
        process.kill(replaying.pid, 'SIGSTOP');
        const atTheKill = await stage.replay(id);
        expect(isInTheMiddle(atTheKill), 'in the middle at the kill').toBe(true);
        await replaying.kill();
        await ended;
        kills.push(`${doneRecords(atTheKill)} of ${read}`);
        await stage.showAgain(message);
        replaying = await startReplayFunction(stage.environment);
      }
      const message = await stage.receive();
      expect(await replaying.invoke(message, ample)).toEqual({ batchItemFailures: [] });
      await stage.remove(message);
      const replay = await stage.replay(id);
      expect(replay).toMatchObject({ status: 'done', error: null });
      expect(replayTotals(replay)).toEqual({ read, matched: read, queued: owed.length, skipped: 0, gone: 0 });
      const { missing, repeats } = await arrivedOf(prepared);
      expect(missing).toEqual([]);
      console.log(`replay function kill -9: records done at each kill ${kills.join(', ')}; ${owed.length} webhooks, ${repeats} came again`);
    });

    it.each([...new Set([oneStretchPeople, scaled(200, oneStretchPeople)])])(
      'goes on over as many invocations as it takes, further with each, for %i people',
      async (people) => {
        const prepared = await prepare(people);
        const { id, read, owed, older } = prepared;
        const steps: number[] = [];
        for (let isDone = false; !isDone;) {
          const message = await stage.receive();
          const { batchItemFailures } = await replaying.invoke(message, short);
          const replay = await stage.replay(id);
          steps.push(doneRecords(replay));
          isDone = replay.status === 'done';
          expect(replay.status).toBe(isDone ? 'done' : 'running');
          // What is not done keeps its message, which shows itself again at once.
          expect(batchItemFailures).toHaveLength(isDone ? 0 : 1);
          if (isDone) await stage.remove(message);
          expect(steps.at(-1), `progress of run ${steps.length}`).toBeGreaterThan(steps.at(-2) ?? 0);
        }
        expect(steps.length).toBeGreaterThanOrEqual(3);
        const { queued, ...others } = replayTotals(await stage.replay(id));
        expect(others).toEqual({ read, matched: read, skipped: 0, gone: 0 });
        expect(queued).toBeGreaterThanOrEqual(owed.length);
        expect(queued).toBeLessThanOrEqual(owed.length + (people > oneStretchPeople ? older.length : 0));
        const { missing, repeats } = await arrivedOf(prepared);
        expect(missing).toEqual([]);
        console.log(
          `replay in short invocations: records done after each ${steps.join(', ')} of ${read}; ${owed.length} webhooks owed, ${queued} came, ${repeats} twice`,
        );
      },
    );

    it('sends what is left when the log drops a part of its range meanwhile, and says how much is gone', async () => {
      const prepared = await prepare(scaled(200, oneStretchPeople));
      const { id, read } = prepared;
      const message = await stage.receive();
      await replaying.invoke(message, short);
      const { partitions } = await stage.replay(id);
      const hit = partitions.findLast(({ next, end }) => next < end);
      if (hit === undefined) throw new Error('nothing is left to be dropped');
      const lost = Math.ceil((hit.end - hit.next) / 2);
      await stage.dropBefore(hit.partition, hit.next + lost);

      const again = await stage.receive();
      expect(await replaying.invoke(again, ample)).toEqual({ batchItemFailures: [] });
      await stage.remove(again);
      const replay = await stage.replay(id);
      expect(replay).toMatchObject({ status: 'failed', error: 'range-gone' });
      expect(replayTotals(replay)).toMatchObject({ read: read - lost, gone: lost });
      expect(replay.partitions.every(({ next, end }) => next === end)).toBe(true);
      const { missing } = await arrivedOf(prepared);
      // Facts of the dropped records, and no newest state: those are at the end.
      expect(missing.length).toBeGreaterThan(0);
      expect(missing.length).toBeLessThanOrEqual(lost);
      expect(missing.every(({ isState }) => !isState)).toBe(true);
    });
  },
);
