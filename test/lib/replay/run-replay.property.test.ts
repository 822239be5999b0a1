import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { replayTotals } from '#lib/replay/replay-totals.ts';
import type { ReplayParts } from '#lib/replay/run-replay.ts';
import { scaled } from '../../support/scale.ts';
import { recordOf, replayId, ReplayHarness, type Happened } from './replay-harness.ts';

const happened: fc.Arbitrary<Happened> = fc.record({
  type: fc.constantFrom('identity.user.activated', 'identity.user.deactivated', 'okta.user.session.start'),
  user: fc.constantFrom('ana', 'bo', 'cy', 'di'),
  at: fc.integer({ min: 0, max: 40 }),
  appended: fc.constantFrom(-5, 0, 1_000, 3_599_999, 3_600_000),
  fact: fc.boolean(),
});
/** Hundreds of records in a partition at times, so that it takes several looks at the log. */
const partitions = fc
  .array(fc.array(happened, { maxLength: 12 }), { minLength: 1, maxLength: 3 })
  .chain((lists) => fc.constantFrom(1, 1, 60).map((times) => lists.map((list) => Array.from({ length: times }, () => list).flat())));
const logOf = (lists: Happened[][]): LogRecord[][] =>
  lists.map((list, partition) => list.map((one, offset) => recordOf(partition, offset, one)));

/** The same, with later copies of changes of state under the id of the first: what a request that was sent again leaves in the log. */
const withCopies = fc
  .tuple(partitions, fc.array(fc.nat({ max: 1_000 }), { maxLength: 12 }))
  .map(([lists, choices]) => lists.map((list) => choices.reduce((longer, choice) => copied(longer, choice), list)));
function copied(list: Happened[], choice: number): Happened[] {
  const of = choice % Math.max(list.length, 1);
  const original = list[of];
  return original === undefined || original.fact === true ? list : [...list, { ...original, copyOf: original.copyOf ?? of }];
}

/**
 * What is owed, worked out apart from the code: in the window, and of each person's status the highest (time, offset), where a change
 * that is there several times has the offset of its first copy.
 */
function owed(lists: Happened[][]): { readonly all: string[]; readonly newest: string[] } {
  const inside = lists.flatMap((list, partition) =>
    list.flatMap((one, offset) => {
      const isInside = (one.appended ?? 0) >= 0 && (one.appended ?? 0) < 3_600_000;
      return isInside && one.copyOf === undefined ? [{ ...one, partition, offset }] : [];
    }),
  );
  // The same person in two partitions cannot happen; here each partition has its own people.
  const name = ({ partition, offset }: { partition: number; offset: number }) => `${partition}-${offset}`;
  const best = (one: (typeof inside)[number]) =>
    inside
      .filter(({ partition, user, fact }) => partition === one.partition && user === one.user && fact !== true)
      .toSorted((a, b) => b.at - a.at || b.offset - a.offset)[0];
  return { all: inside.map(name), newest: inside.filter((one) => one.fact === true || best(one) === one).map(name) };
}

class Killed extends Error {
  override readonly name = 'Killed';
}

/** Ends the run at the `nth` call of a port, before it has its effect or after. */
function killing(parts: ReplayParts, nth: number, when: 'before' | 'after'): ReplayParts {
  let calls = 0;
  const at = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls === nth && when === 'before') throw new Killed();
    const answer = await work();
    if (calls === nth && when === 'after') throw new Killed();
    return answer;
  };
  const { store, queue, log } = parts;
  return {
    ...parts,
    store: { ...store, begin: (id) => at(() => store.begin(id)), save: (run, state) => at(() => store.save(run, state)) },
    queue: { send: (deliveries) => at(() => queue.send(deliveries)) },
    log: { ...log, locate: (window) => at(() => log.locate(window)) },
  };
}

/** The harness' people are told apart by partition, as keys are. */
const apart = (lists: Happened[][]) => lists.map((list, partition) => list.map((one) => ({ ...one, user: `${one.user}-${partition}` })));

const kill = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom('before' as const, 'after' as const));

async function runKilled(harness: ReplayHarness, [nth, when]: readonly [number, 'before' | 'after']): Promise<void> {
  harness.nowMs += 700;
  await harness.run(killing(harness.parts, nth, when)).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
}

async function totalsOf({ parts }: ReplayHarness) {
  const replay = await parts.store.find(replayId);
  if (replay === undefined) throw new Error('the replay is not there');
  return replayTotals(replay);
}

describe('a replay', () => {
  it('sends exactly the newest of each state and every fact, in order and counted, wherever it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(withCopies.map(apart), fc.array(kill, { maxLength: 6 }), async (lists, kills) => {
        const harness = new ReplayHarness(logOf(lists));
        await harness.create();
        for (const one of kills) await runKilled(harness, one);
        expect(['done', 'finished']).toContain((await harness.run()).kind);
        expect(harness.sent()).toEqual(owed(lists).newest);
        expect((await totalsOf(harness)).queued).toBe(harness.sent().length);
      }),
      { numRuns: scaled(500, 100) },
    );
  });

  it('has sent what its record counts, and of what that calls gone at most the rest, wherever it is killed and whatever the log drops', async () => {
    const drop = fc.record({ partition: fc.nat({ max: 2 }), offset: fc.nat({ max: 700 }) });
    await fc.assert(
      fc.asyncProperty(partitions.map(apart), fc.array(fc.tuple(kill, drop), { maxLength: 5 }), async (lists, misfortunes) => {
        const harness = new ReplayHarness(logOf(lists));
        await harness.create();
        const located = harness.run({ queue: { send: () => Promise.reject(new Killed()) } });
        await located.catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
        const log = await harness.parts.log.locate({ from: new Date(0), to: new Date(0) });
        for (const [one, { partition, offset }] of misfortunes) {
          await runKilled(harness, one);
          const end = log[partition]?.end ?? 0;
          harness.heldFrom[partition] = Math.max(harness.heldFrom[partition] ?? 0, Math.min(offset, end));
        }
        await harness.run();
        const { queued, gone } = await totalsOf(harness);
        const sent = harness.sent();
        expect(sent.length).toBeGreaterThanOrEqual(queued);
        expect(sent.length).toBeLessThanOrEqual(queued + gone);
        // What was dropped may have been the newest; nothing is sent that is in no list of what could be owed.
        expect(sent).toEqual(owed(lists).all.filter((id) => sent.includes(id)));
      }),
      { numRuns: scaled(500, 100) },
    );
  });

  it('gets to its end in however short runs, in order, and passes over nothing that is the newest', async () => {
    await fc.assert(
      fc.asyncProperty(partitions.map(apart), fc.integer({ min: 1, max: 6 }), fc.boolean(), async (lists, patience, full) => {
        const harness = new ReplayHarness(logOf(lists));
        await harness.create({ full });
        let runs = 0;
        for (let kind = 'continues'; kind === 'continues'; runs += 1) {
          // Every question how much time is left costs some of it.
          let leftMs = 20_000 + patience * 1_000;
          ({ kind } = await harness.run({}, () => (leftMs -= 400)));
          expect(runs).toBeLessThan(2_000);
        }
        const { all, newest } = owed(lists);
        const sent = harness.sent();
        if (full) expect(sent).toEqual(all);
        expect(sent).toEqual(all.filter((id) => sent.includes(id)));
        expect(newest.filter((id) => !sent.includes(id))).toEqual([]);
      }),
      { numRuns: scaled(500, 100) },
    );
  });
});
