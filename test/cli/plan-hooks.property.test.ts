import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EventHook } from '../../cli/event-hook.ts';
import { planHooks, type HookStep, type WantedHooks } from '../../cli/plan-hooks.ts';
import { scaled } from '../support/scale.ts';

const url = 'https://relay.example.com/okta/acme/events';
const limit = 4;
const runs = { numRuns: scaled(2_000, 300) };

const type = fc.integer({ min: 0, max: 25 }).map((number) => `type.${number}`);
const types = fc.uniqueArray(type, { maxLength: 20 });
const hook = fc.record({
  name: fc.constantFrom('relay', 'relay 2', 'relay 7', 'by hand'),
  status: fc.constantFrom('ACTIVE', 'INACTIVE'),
  verificationStatus: fc.constantFrom('VERIFIED', 'UNVERIFIED'),
  items: fc.uniqueArray(type, { minLength: 1, maxLength: limit }),
  uri: fc.constantFrom(url, 'https://elsewhere.example.com/'),
});
const present = fc.array(hook, { maxLength: 6 }).map(
  (hooks) =>
  hooks.map(({ items, uri, ...rest }, index): EventHook => ({ ...rest, id: `who${index}`, events: { items }, channel: { config: { uri, authScheme: { key: 'authorization' } } } })), // prettier-ignore
);
const wanted = fc.record({
  types,
  url: fc.constant(url),
  headerName: fc.constant('Authorization'),
  name: fc.constant('relay'),
  exact: fc.boolean(),
  setSecret: fc.constant(false),
  move: fc.constant(true),
});

function stepsOf(hooks: readonly EventHook[], asked: WantedHooks): readonly HookStep[] {
  const plan = planHooks(hooks, asked, limit);
  if (plan.kind !== 'steps') throw new Error('with move, no name is in the way');
  return plan.steps;
}

/** What Okta has after a step. */
function applied(hooks: readonly EventHook[], step: HookStep): EventHook[] {
  const channel = { config: { uri: url, authScheme: { key: 'Authorization' } } };
  const good = { status: 'ACTIVE', verificationStatus: 'VERIFIED', channel };
  if (step.kind === 'create') return [...hooks, { ...good, id: `who${hooks.length}`, name: step.name, events: { items: [...step.types] } }];
  return hooks.map((each) => {
    if (step.kind === 'leave' || each.id !== step.hook.id) return each;
    return step.kind === 'change' ? { ...each, ...good, events: { items: [...step.types] } } : { ...each, status: 'INACTIVE' };
  });
}

const sending = (hooks: readonly EventHook[]): string[] =>
  hooks
    .filter((each) => each.status === 'ACTIVE' && each.verificationStatus === 'VERIFIED' && each.channel.config.uri === url)
    .flatMap(({ events }) => events.items);

it('what is planned sends all that is wanted, in hooks of allowed size, and with `exact` nothing else and nothing twice', () => {
  fc.assert(
    fc.property(present, wanted, (hooks, asked) => {
      const after = stepsOf(hooks, asked).reduce(applied, hooks);
      expect(sending(after)).toEqual(expect.arrayContaining(asked.types));
      expect(after.filter(({ events }) => events.items.length > limit || events.items.length === 0)).toEqual([]);
      expect(new Set(after.map(({ id }) => id)).size).toBe(after.length);
      if (asked.exact) expect(sending(after).sort()).toEqual([...asked.types].sort());
    }),
    runs,
  );
});

it('planned again after it was done, there is nothing to do', () => {
  fc.assert(
    fc.property(present, wanted, (hooks, asked) => {
      const after = stepsOf(hooks, asked).reduce(applied, hooks);
      expect(stepsOf(after, asked).filter(({ kind }) => kind !== 'leave')).toEqual([]);
    }),
    runs,
  );
});

it('a type that was sent and is wanted is sent after each step', () => {
  fc.assert(
    fc.property(present, wanted, (hooks, asked) => {
      const lasting = sending(hooks).filter((each) => asked.types.includes(each));
      stepsOf(hooks, asked).reduce((before, step) => {
        const after = applied(before, step);
        expect(sending(after)).toEqual(expect.arrayContaining(lasting));
        return after;
      }, hooks);
    }),
    runs,
  );
});

it('a type that two hooks have stays in the one that is verified', () => {
  const channel = { config: { uri: url, authScheme: { key: 'authorization' } } };
  const unverified = {
    id: 'who1',
    name: 'one',
    status: 'ACTIVE',
    verificationStatus: 'UNVERIFIED',
    events: { items: ['a', 'b'] },
    channel,
  };
  const verified = { ...unverified, id: 'who2', verificationStatus: 'VERIFIED', events: { items: ['a', 'x'] } };
  const asked = { types: ['a', 'b', 'c'], url, headerName: 'Authorization', name: 'relay', exact: true, setSecret: false, move: false };
  const plan = planHooks([unverified, verified], asked, 2);
  expect(plan).toMatchObject({
    kind: 'steps',
    steps: [
      { hook: { id: 'who2' }, types: ['a', 'c'] },
      { hook: { id: 'who1' }, types: ['b'] },
    ],
  });
});

it('hooks that send elsewhere under another name are never touched, and without `move` those of our name neither', () => {
  fc.assert(
    fc.property(present, wanted, (hooks, asked) => {
      const untouched = hooks.filter(({ name, channel }) => channel.config.uri !== url && name === 'by hand');
      const touched = stepsOf(hooks, asked).flatMap((step) => (step.kind === 'create' ? [] : [step.hook.id]));
      expect(untouched.filter(({ id }) => touched.includes(id))).toEqual([]);
      const taken = hooks.some(({ name, channel }) => channel.config.uri !== url && name !== 'by hand');
      expect(planHooks(hooks, { ...asked, move: false }, limit).kind).toBe(taken ? 'name-taken' : 'steps');
    }),
    runs,
  );
});

it('new hooks are no more than the types that found no room need', () => {
  fc.assert(
    fc.property(types, (asked) => {
      const steps = stepsOf([], {
        types: asked,
        url,
        headerName: 'Authorization',
        name: 'relay',
        exact: true,
        setSecret: false,
        move: false,
      });
      expect(steps).toHaveLength(Math.ceil(asked.length / limit));
    }),
    runs,
  );
});
