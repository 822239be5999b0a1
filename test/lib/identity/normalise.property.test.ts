import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeSchema, maxChangeBytes, type Change } from '#lib/identity/change.ts';
import { changeTypes } from '#lib/identity/change-types.ts';
import { normalise } from '#lib/identity/normalise.ts';
import { serialiseChange } from '#lib/identity/serialise-change.ts';
import { readLogEvent } from '#lib/okta/log-event.ts';
import { scaled } from '../../support/scale.ts';
import { ana, changeOf, context, engineering, eventWith, readable, wiki } from './acme.ts';
import { brokenCloudEventsRules, publishedSchemaErrors } from './change-rules.ts';
import { changeFixtures, hookEligibleEventTypes } from './fixtures.ts';

const schemaErrors = publishedSchemaErrors();

function expectValid(change: Change): void {
  // What a subscriber sees is the change after JSON, not before.
  const received: unknown = JSON.parse(Buffer.from(JSON.stringify(change)).toString('utf8'));
  expect(received).toEqual(JSON.parse(JSON.stringify(change)));
  expect(changeSchema.safeParse(received).error).toBeUndefined();
  expect(schemaErrors(received)).toEqual([]);
  expect(brokenCloudEventsRules(received as Record<string, unknown>)).toEqual([]);
}

/** Any UTF-16, half surrogate pairs and NULs included, now and then far too long. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.integer({ min: 1, max: 5000 }).map((length) => '\ud83d/'.repeat(length)),
  fc.constantFrom('unknown', '__proto__', 'constructor', 'toJSON', '"', '%', 'sha256=', ' ', '..'),
);
const anything = fc.oneof(fc.jsonValue(), text, fc.constant(null), fc.constant(undefined));
const member = (usual: fc.Arbitrary<unknown>) => fc.oneof({ arbitrary: usual, weight: 3 }, { arbitrary: anything, weight: 1 });
const thing = fc.record(
  {
    id: member(text),
    type: member(fc.constantFrom('User', 'UserGroup', 'AppInstance', 'AppUser', 'Device')),
    alternateId: member(text),
    displayName: member(text),
  },
  { requiredKeys: [] },
);
const eventType = fc.oneof(fc.constantFrom(...changeTypes.map((row) => row.eventType)), fc.constantFrom(...hookEligibleEventTypes), text);
const time = fc.date({ min: new Date('2001-09-10'), max: new Date('2285-12-31'), noInvalidDate: true }).map((date) => date.toISOString());
const hostileEvent = fc.record(
  {
    uuid: member(fc.oneof(fc.uuid(), text)),
    eventType: member(eventType),
    published: member(time),
    outcome: member(
      fc.record({ result: member(fc.constantFrom('SUCCESS', 'ALLOW', 'FAILURE')), reason: member(text) }, { requiredKeys: [] }),
    ),
    actor: member(thing),
    target: member(fc.array(member(thing))),
    transaction: member(fc.record({ id: member(text) })),
    debugContext: member(fc.record({ debugData: member(fc.record({ changedAttributes: member(text), privilegeGranted: member(text) })) })),
  },
  { requiredKeys: [] },
);
/** The same through JSON, with members that JSON.parse makes but an object literal cannot. */
const parsed = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(value, anything).map(([made, extra]) => {
    const json = JSON.stringify(made ?? null);
    return JSON.parse(json.startsWith('{"') ? `{"__proto__":${JSON.stringify(extra ?? null)},${json.slice(1)}` : json) as unknown;
  });

describe('normalise, for whatever comes', () => {
  it('reads or refuses any JSON value, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anything, parsed(fc.jsonValue())), (value) => {
        const reading = readLogEvent(value);
        if (reading.kind === 'readable') expectValid(normalise(reading.event, context));
        else expect(reading.reason).toMatch(/^event-/);
      }),
      { numRuns: scaled(10_000, 1_000) },
    );
  });

  it('makes a valid change of every event that is readable', () => {
    let read = 0;
    fc.assert(
      fc.property(parsed(hostileEvent), (value) => {
        const reading = readLogEvent(value);
        if (reading.kind !== 'readable') return;
        read += 1;
        const change = normalise(reading.event, context);
        expectValid(change);
        if (serialiseChange(change).kind === 'too-large') expect(JSON.stringify(change).length * 3).toBeGreaterThan(maxChangeBytes);
      }),
      { numRuns: scaled(5_000, 1_000) },
    );
    // An arbitrary that never gets past the reader would prove nothing.
    expect(read).toBeGreaterThan(100);
  });

  it('survives shapes that no generator finds', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => ({ id: `00u${index}`, type: 'User' }));
    const shapes: Record<string, unknown>[] = [
      { target: many },
      { target: 'User' },
      { target: { 0: ana, length: 1 } },
      { actor: [ana] },
      { target: [[ana], null, 7, 'x', {}] },
      { debugContext: { debugData: { changedAttributes: ','.repeat(100_000) } }, eventType: 'user.account.update_profile' },
      { uuid: '\u0000'.repeat(1_000_000) },
      { eventType: 'x'.repeat(1_000_000) },
      { transaction: 'WEB', debugContext: [] },
    ];
    for (const shape of shapes) expectValid(changeOf(eventWith(shape)));
  });

  it('never calls a failure an identity change', () => {
    const others = ['FAILURE', 'SKIPPED', 'DENY', 'CHALLENGE', 'UNKNOWN', 'RATE_LIMIT', 'DEFERRED', 'SCHEDULED', 'ABANDONED', 'UNANSWERED'];
    const expectFact = (eventType: string, result: string) => {
      const change = changeOf(eventWith({ eventType, outcome: { result }, target: [ana, engineering, wiki] }));
      expect(change).toMatchObject({ type: `okta.${eventType}`, data: { okta: { outcome: { result } } } });
      expect(change.statekey).toBeUndefined();
    };
    for (const { eventType } of changeTypes) for (const result of [...others, 'success', 'Allow', '']) expectFact(eventType, result);
    const noSuccess = text.filter((result) => result !== 'SUCCESS' && result !== 'ALLOW');
    fc.assert(fc.property(fc.constantFrom(...changeTypes), noSuccess, ({ eventType }, result) => expectFact(eventType, result)));
  });
});

describe('normalise, for the same event again', () => {
  const fixture = fc.constantFrom(...[...changeFixtures.values()].map(({ event }) => event));
  const identityOf = ({ id, type, subject, partitionkey, statekey }: Change) => ({ id, type, subject, partitionkey, statekey });

  it('keeps id, type and keys when targets are turned round, members reordered, and nulls written or left out', () => {
    const again = fixture.chain((event) =>
      fc.record({
        event: fc.constant(event),
        target: fc.shuffledSubarray(event['target'] as unknown[], { minLength: (event['target'] as unknown[]).length }),
        order: fc.shuffledSubarray(Object.keys(event), { minLength: Object.keys(event).length }),
        added: fc.subarray(['device', 'request', 'securityContext', 'insertionTimestamp', 'somethingNew', 'client']),
      }),
    );
    fc.assert(
      fc.property(again, ({ event, target, order, added }) => {
        const members = order.filter((name) => event[name] !== null).map((name) => [name, name === 'target' ? target : event[name]]);
        const other = { ...Object.fromEntries(added.map((name) => [name, null])), ...Object.fromEntries(members) };
        expect(identityOf(changeOf(other))).toEqual(identityOf(changeOf(event)));
      }),
    );
  });

  it('keeps them for targets of any kind, in any order', () => {
    const target = fc.record({ id: fc.string({ minLength: 1 }), type: fc.constantFrom('User', 'UserGroup', 'AppInstance', 'Device') });
    const twice = fc
      .array(target)
      .chain((targets) => fc.tuple(fc.constant(targets), fc.shuffledSubarray(targets, { minLength: targets.length })));
    fc.assert(
      fc.property(twice, fc.constantFrom(...changeTypes), ([one, other], { eventType }) => {
        expect(identityOf(changeOf(eventWith({ eventType, target: other })))).toEqual(
          identityOf(changeOf(eventWith({ eventType, target: one }))),
        );
      }),
    );
  });

  it('keeps them whenever and however it comes', () => {
    fc.assert(
      fc.property(
        fixture,
        fc.date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2100-01-01') }),
        (event, receivedAt) => {
          const { hookRequestId: _, ...without } = context;
          const later = normalise(readable(event), { ...without, receivedAt, origin: 'system-log' });
          expect(identityOf(later)).toEqual(identityOf(changeOf(event)));
        },
      ),
    );
  });
});
