import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangeGroupPrefix } from '#lib/kafka/kafka-change-log-range.ts';
import { topics } from '#lib/kafka/topics.ts';
import { replayableMs, replayRequestSchema } from '#lib/replay/replay-request.ts';
import { fieldProblemsOf } from '#lib/subscriptions/field-problems.ts';
import { readable, resource, synthesise } from '../../infra/synthesise.ts';

const now = new Date('2026-11-22T12:00:00.000Z');
const good = { subscription: `sub_${'0'.repeat(26)}`, from: '2026-11-22T10:00:00Z', to: '2026-11-22T11:00:00Z' };
const problems = (body: unknown) => {
  const parsed = replayRequestSchema(now).safeParse(body);
  return parsed.success ? [] : fieldProblemsOf(parsed.error);
};

describe('the body of POST /v1/replays', () => {
  it.each([
    ['the least', good],
    ['everything', { ...good, types: ['identity.user.*', 'okta.*'], user: '00u1', full: true }],
    ['times with offsets', { ...good, from: '2026-11-22T11:00:00+01:00' }],
    ['up to now', { ...good, to: now.toISOString() }],
    ['all that the log has', { ...good, from: '2026-11-15T12:00:00.000Z' }],
  ])('can be %s', (_, body) => {
    expect(problems(body)).toEqual([]);
  });

  it.each([
    ['from after to', { ...good, from: good.to, to: good.from }, '/from', 'must be before `to`'],
    ['an empty window', { ...good, to: good.from }, '/from', 'must be before `to`'],
    ['the future', { ...good, to: '2026-11-22T12:00:00.001Z' }, '/to', 'must not be in the future'],
    [
      'longer ago than the log has',
      { ...good, from: '2026-11-15T11:59:59.999Z' },
      '/from',
      'must be within the last seven days: the log keeps no more',
    ],
    [
      'a time without an offset',
      { ...good, from: '2026-11-22T10:00:00' },
      '/from',
      'must be a date-time with its offset, e.g. 2026-11-21T12:58:42Z',
    ],
    ['a day', { ...good, to: '2026-11-22' }, '/to', 'must be a date-time with its offset, e.g. 2026-11-21T12:58:42Z'],
    [
      'no window',
      { subscription: good.subscription, to: good.to },
      '/from',
      'is required: a date-time with its offset, e.g. 2026-11-21T12:58:42Z',
    ],
    ['no subscription', { from: good.from, to: good.to }, '/subscription', 'is required: the id of a subscription'],
    ['another kind of id', { ...good, subscription: 'rpl_1' }, '/subscription', 'must be the id of a subscription'],
    [
      'a type that is none',
      { ...good, types: ['identity.user.*', 'nothing'] },
      '/types/1',
      'matches no change type: see the table of `identity.*` types; every other Okta event is `okta.<eventType>`',
    ],
    [
      'no types',
      { ...good, types: [] },
      '/types',
      'must name at least one change type; leave it out for all that the subscription asks for',
    ],
    ['an empty user', { ...good, user: '' }, '/user', 'must not be empty'],
    ['a user beyond any id', { ...good, user: 'x'.repeat(2_049) }, '/user', 'can have 2048 bytes at most'],
    ['full as a text', { ...good, full: 'yes' }, '/full', 'must be true or false'],
    ['another field', { ...good, speed: 9 }, '/speed', 'is not a field of a replay'],
    ['no object', 'all of it', '', 'must be a JSON object'],
  ])('cannot be %s', (_, body, pointer, detail) => {
    expect(problems(body)).toEqual([{ pointer, detail }]);
  });

  it('reaches back as far as the topic keeps changes', () => {
    expect(replayableMs).toBe(topics['identity.changes.v1'].retentionMs);
  });
});

it('reads as a member of groups that its role may join', () => {
  const policy = resource(synthesise('prod', 'standard'), 'AWS::IAM::Policy', 'ReplayRoleDefaultPolicy').Properties['PolicyDocument'] as {
    Statement: { Action: unknown; Resource: unknown }[];
  };
  const groups = policy.Statement.filter(({ Action }) => [Action].flat().includes('kafka-cluster:AlterGroup')).map((one) =>
    readable(one.Resource),
  );
  expect(groups).toEqual([expect.stringMatching(new RegExp(`/${rangeGroupPrefix}\\*$`))]);
});

it('is read or refused, whatever is sent', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('2026-11-22T10:00:00Z', '2026-11-22T10:00:00', '+275760-09-13T00:00:00.001Z'));
  const field = fc.oneof(fc.jsonValue(), text);
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ subscription: field, from: field, to: field, types: field, user: field, full: field }, { requiredKeys: [] }),
  );
  fc.assert(fc.property(body, (value) => Array.isArray(problems(value))));
});
