import fc from 'fast-check';
import { faultyCalls, portNames, type FaultMoment } from './faults.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** What an endpoint does with a change, attempt by attempt; then it takes it. */
export const answers = [
  ...(['500', '503-later', '429', '400', '422', '302', '504', 'timeout', 'reset', 'refused'] as const),
  // The first try of a request was applied and its connection cut off; this came of the second.
  ...(['cut-then-refused', 'cut-then-503', 'cut-then-422'] as const),
  '410',
] as const;
export type Answer = (typeof answers)[number] | '200';

/** What can be said of a person. The first three are their status. */
export const sayings = ['activated', 'deactivated', 'deleted', 'member_added', 'member_removed', 'updated'] as const;
export type Saying = (typeof sayings)[number];

export type Command = { readonly afterMs: number } & Act;

type Act =
  | {
      readonly kind: 'publish';
      readonly subscription: number;
      readonly person: number;
      readonly saying: Saying;
      /** In Okta's time; what comes later may be older, and the same twice is the same change. */
      readonly at: number;
      readonly answers: readonly Answer[];
    }
  /** One change of each person: what opens a circuit, and what fills lanes. At once, or when the next probe is due, which all of them could be. */
  | { readonly kind: 'publish-all' | 'publish-all-at-probe'; readonly subscription: number; readonly saying: Saying; readonly at: number }
  /** One of the changes before, by its number. */
  | { readonly kind: 'replay'; readonly which: number; readonly full: boolean }
  /** One of those that are parked or dead by then, by its number. */
  | { readonly kind: 'redeliver'; readonly which: number }
  | { readonly kind: 'recover' | 'pause' | 'resume' | 'delete'; readonly subscription: number }
  | { readonly kind: 'down'; readonly subscription: number; readonly how: Answer; readonly forMs: number }
  | { readonly kind: 'away'; readonly port: (typeof portNames)[number]; readonly forMs: number }
  | {
      readonly kind: 'fault';
      readonly fault: 'crash' | 'stop' | 'error';
      readonly moment: FaultMoment;
      readonly call: (typeof faultyCalls)[number];
      readonly inCalls: number;
      readonly forMs: number;
    }
  /** The queue hears nothing of the next batch that is done. */
  | { readonly kind: 'batch-lost' };

export interface Script {
  /** Of all that is left to chance: who takes which batch, and how long anything takes. */
  readonly seed: number;
  readonly subscriptions: readonly SubscriptionSetting[];
  /** Each minute as in real life, or left out where they would find nothing, which is sooner played. */
  readonly sweeps: 'each-minute' | 'as-needed';
  readonly commands: readonly Command[];
}

export interface SubscriptionSetting {
  readonly ordering: 'per-subject' | 'none';
  readonly stale: 'skip' | 'late';
  readonly concurrency: number;
  readonly deliveriesPerSecond: number | undefined;
  readonly retrySeconds: readonly number[] | undefined;
  readonly hearsOperators: boolean;
}

export const subscriptionCount = 3;
export const personCount = 4;
const subscription = fc.nat(subscriptionCount - 1);
const saying = fc.constantFrom(...sayings);
const at = fc.nat(9);
const anyAnswer = fc.constantFrom<Answer>('200', ...answers.slice(0, -1), '500', '500', '503-later', 'timeout', '410');

/** What people and endpoints do. */
const lives = [
  {
    weight: 24,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      subscription,
      person: fc.nat(personCount - 1),
      saying,
      at,
      answers: fc.oneof({ weight: 2, arbitrary: fc.constant<Answer[]>([]) }, fc.array(anyAnswer, { minLength: 1, maxLength: 5 })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('publish-all' as const, 'publish-all' as const, 'publish-all-at-probe' as const),
      subscription,
      saying,
      at,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replay' as const), which: fc.nat(20), full: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'resume' as const), subscription }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('redeliver' as const), which: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('recover' as const, 'recover' as const, 'delete' as const), subscription }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('down' as const),
      subscription,
      how: fc.constantFrom<Answer>('500', 'refused', 'timeout', 'reset', '422', 'cut-then-refused'),
      forMs: fc.constantFrom(20 * second, 4 * minute, 40 * minute, 9 * hour, 200 * hour),
    }),
  },
] as const;

/** What goes wrong with the relay itself. */
const accidents = [
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('away' as const),
      port: fc.constantFrom(...portNames),
      forMs: fc.constantFrom(300, 15 * second, 10 * minute),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom('crash' as const, 'crash' as const, 'stop' as const, 'error' as const),
      moment: fc.constantFrom('before' as const, 'between' as const, 'after' as const),
      // Any call, or one of those between which something can be left half done.
      call: fc.constantFrom('any', 'any', 'any', ...faultyCalls),
      inCalls: fc.oneof(fc.nat(3), fc.nat(60)),
      forMs: fc.constantFrom(20 * second, 40 * second, 7 * minute, 12 * minute, 70 * minute),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('batch-lost' as const) }) },
] as const;

/** Mostly close together, where the races are; sometimes long enough for the late waits of the schedule. */
const afterMs = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 0, 40, 400, 3 * second) },
  { weight: 3, arbitrary: fc.constantFrom(6 * second, 70 * second, 6 * minute) },
  { weight: 1, arbitrary: fc.constantFrom(35 * minute, 3 * hour, 30 * hour) },
);

const setting = fc.record({
  ordering: fc.constantFrom('per-subject' as const, 'per-subject' as const, 'per-subject' as const, 'none' as const),
  stale: fc.constantFrom('skip' as const, 'skip' as const, 'late' as const),
  concurrency: fc.constantFrom(10, 10, 2, 1),
  deliveriesPerSecond: fc.constantFrom(undefined, undefined, 1),
  retrySeconds: fc.constantFrom(undefined, undefined, [5, 60, 300], [30, 30, 30, 30, 600]),
  hearsOperators: fc.boolean(),
});

const stepOf = <T extends Act>(acts: fc.Arbitrary<T>): fc.Arbitrary<Command[]> =>
  fc.tuple(afterMs, acts).map(([waitMs, act]): Command[] => [{ ...act, afterMs: waitMs }]);

/**
 * A removal overtakes a head that fails, its process is stopped around one of its calls, and more comes for the lane before it goes on: after its
 * messages have come back (six minutes), before its token counts as lost (ten).
 */
const stoppedOvertaking = fc
  .record({
    subscription,
    person: fc.nat(personCount - 1),
    at: fc.nat(8),
    call: fc.constantFrom(...faultyCalls, ...Array<'lanes.reopen'>(4).fill('lanes.reopen')),
  })
  .map(({ call, ...of }): Command[] => [
    { kind: 'publish', ...of, saying: 'updated', answers: ['500', '500', '500'], afterMs: 0 },
    { kind: 'fault', fault: 'stop', moment: 'before', call, inCalls: 0, forMs: 8 * minute, afterMs: 9 * second },
    { kind: 'publish', ...of, saying: 'member_removed', answers: [], afterMs: 0 },
    { kind: 'publish', ...of, at: of.at + 1, saying: 'updated', answers: [], afterMs: 400 * second },
  ]);

/**
 * A change stands in a lane whose head fails, and its process dies, or its store is away, before it could write down so: its message comes back, and the
 * change stands there twice. More comes behind it, the same change once more by another message, and perhaps a removal.
 */
const standingTwice = fc
  .record({
    subscription,
    person: fc.nat(personCount - 1),
    at: fc.nat(7),
    fault: fc.constantFrom('crash' as const, 'error' as const),
    call: fc.constantFrom('store.park' as const, 'lanes.append' as const),
    answers: fc.array(anyAnswer, { maxLength: 3 }),
    last: fc.constantFrom('member_removed' as const, 'deactivated' as const, 'updated' as const),
  })
  .map(({ fault, call, answers: own, last, ...of }): Command[] => {
    const twice = { kind: 'publish', ...of, at: of.at + 1, saying: 'member_added', answers: own } as const;
    return [
      { kind: 'publish', ...of, saying: 'updated', answers: ['500', '500', '500', '500'], afterMs: 0 },
      { kind: 'fault', fault, moment: call === 'store.park' ? 'before' : 'after', call, inCalls: 0, forMs: 0, afterMs: 9 * second },
      { ...twice, afterMs: 0 },
      { kind: 'publish', ...of, at: of.at + 2, saying: 'updated', answers: [], afterMs: 0 },
      { ...twice, afterMs: 6 * minute },
      { kind: 'publish', ...of, at: of.at + 2, saying: last, answers: [], afterMs: 400 },
    ];
  });

const fewOrMany = { minLength: 1, maxLength: 50, size: 'max' } as const;
const wild = fc.array(
  fc.oneof(
    { weight: 40, arbitrary: stepOf(fc.oneof(...lives, ...accidents)) },
    { weight: 4, arbitrary: stoppedOvertaking },
    { weight: 2, arbitrary: standingTwice },
  ),
  fewOrMany,
);
/** An endpoint is down until its circuit is probed seldom, and somebody leaves. */
const leavingBehindCircuit = fc
  .record({ subscription, at: fc.nat(7), person: fc.nat(personCount - 1) })
  .map(({ person, ...of }): Command[] => [
    { kind: 'down', subscription: of.subscription, how: '500', forMs: 40 * minute, afterMs: 0 },
    { kind: 'publish-all', ...of, saying: 'updated', afterMs: 0 },
    { kind: 'publish-all', ...of, at: of.at + 1, saying: 'updated', afterMs: 70 * second },
    { kind: 'publish', ...of, person, at: of.at + 2, saying: 'member_removed', answers: [], afterMs: 17 * minute },
    { kind: 'publish', ...of, person, at: of.at + 2, saying: 'updated', answers: [], afterMs: 13 * minute },
  ]);

/** Nothing goes wrong but with endpoints: here the claims hold that an interruption of hours before would excuse from. */
const calm = fc.array(
  fc.oneof({ weight: 40, arbitrary: stepOf(fc.oneof(...lives)) }, { weight: 1, arbitrary: leavingBehindCircuit }),
  fewOrMany,
);

/** Nothing takes longer than some tens of minutes: each of them is to be played. */
const hasted = (command: Command): Command => ({
  ...command,
  afterMs: Math.min(command.afterMs, 35 * minute),
  ...('forMs' in command ? { forMs: Math.min(command.forMs, 40 * minute) } : {}),
});

const played = {
  seed: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 9, arbitrary: fc.integer({ min: 1, max: 1_000_000 }) }),
  subscriptions: fc.array(setting, { minLength: subscriptionCount, maxLength: subscriptionCount }),
};

export const scripts: fc.Arbitrary<Script> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ ...played, sweeps: fc.constant('as-needed' as const), commands: wild.map((steps) => steps.flat()) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ ...played, sweeps: fc.constant('as-needed' as const), commands: calm.map((steps) => steps.flat()) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...played,
      sweeps: fc.constant('each-minute' as const),
      commands: calm.map((steps) => steps.flat().map(hasted)),
    }),
  },
);
