import { describe, expect, it } from 'vitest';
import { matchingOf } from '#lib/fan-out/matching.ts';
import type { Change } from '#lib/identity/change.ts';
import type { Subscription } from '#lib/subscriptions/subscription.ts';
import { changeAbout, subscriptionNamed } from '../../support/deliveries.ts';
import { changeWithTimes, readsTimes } from './slow-filters.ts';

const answers = (change: Change, subscriptions: readonly Subscription[]) =>
  [...matchingOf(subscriptions).answersFor(change)].map(({ kind, subscription }) => `${subscription.name} ${kind}`);
const many = (count: number, name: string, members: object) =>
  Array.from({ length: count }, (_, n) => subscriptionNamed(`${name}${n}`, { ...members }));

describe('matchingOf', () => {
  it('answers for each subscription that is active or paused, in their order', () => {
    const subscriptions = [
      subscriptionNamed('payroll'),
      subscriptionNamed('others', { types: ['identity.group.*'] }),
      subscriptionNamed('gone', { status: 'disabled' }),
      subscriptionNamed('paused', { status: 'paused', filter: 'user.id eq "ana"' }),
      subscriptionNamed('ben', { filter: 'user.id eq "ben"' }),
    ];

    expect(answers(changeAbout('ana', 'one'), subscriptions)).toEqual(['payroll owed', 'others not-owed', 'paused owed', 'ben not-owed']);
  });

  it('gives up a filter that asks for more than one filter may, and asks all the others', () => {
    const subscriptions = [
      subscriptionNamed('slow', { filter: readsTimes(44) }),
      subscriptionNamed('other', { filter: readsTimes(44), types: ['identity.group.*'] }),
      subscriptionNamed('elsewhere', { filter: readsTimes(44), orgs: ['other'] }),
      subscriptionNamed('payroll'),
      subscriptionNamed('ana', { filter: 'user.id eq "ana"' }),
    ];

    expect(answers(changeWithTimes(9_900), subscriptions)).toEqual([
      'slow unasked',
      'other not-owed',
      'elsewhere not-owed',
      'payroll owed',
      'ana owed',
    ]);
  });

  it('says nothing for a filter that was given up, whichever way its answer would have been', () => {
    const [no, yes] = [readsTimes(40), `not (${readsTimes(40)})`];
    const late = `${readsTimes(40)} or user.id eq "ana"`;

    expect(
      answers(
        changeWithTimes(9_900),
        [no, yes, late].map((filter, n) => subscriptionNamed(`slow${n}`, { filter })),
      ),
    ).toEqual(['slow0 unasked', 'slow1 unasked', 'slow2 unasked']);
  });

  it('has work for all filters together: slow ones get what is left, and no quick one misses its share', () => {
    // 2.1 million units each, of 50 million. Whoever comes first gets the half that is not shared out, and these are a dozen or so.
    const slow = many(100, 'slow', { filter: readsTimes(2) });
    const quick = many(100, 'quick', { filter: 'user.id eq "ana"' });
    const given = answers(changeWithTimes(9_900), [...slow, ...quick]);

    const asked = given.filter((answer) => answer === `${answer.split(' ')[0]} not-owed`);
    expect(asked.length).toBeGreaterThanOrEqual(10);
    expect(asked.length).toBeLessThanOrEqual(23);
    expect(given.slice(0, asked.length)).toEqual(asked);
    expect(given.slice(100)).toEqual(quick.map(({ name }) => `${name} owed`));
    expect(given.filter((answer) => answer.endsWith('unasked'))).toHaveLength(100 - asked.length);
  });

  it('does once for a change what all filters need of it: its root, and the names of its large objects', () => {
    const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`member${n}`, 1]));
    const data = { org: 'acme', ...members(4_900), user: { id: 'ana', ...members(4_900) }, okta: { eventType: 'x' } };
    const change = changeAbout('ana', 'one', { data });
    const matching = matchingOf(many(1_000, 'many', { filter: 'user.missing pr' }));

    const before = process.cpuUsage();
    const kinds = new Set([...matching.answersFor(change)].map(({ kind }) => kind));
    const { user, system } = process.cpuUsage(before);

    expect(kinds).toEqual(new Set(['not-owed']));
    // 0.05 s. Done anew for each of them, either would take half a second or more.
    expect(user + system).toBeLessThan(300_000);
  });

  it('asks a thousand filters of ten comparisons over fifty values', () => {
    const filter = Array<string>(10).fill('user.groups eq "the name of a group"').join(' or ');
    const groups = Array.from({ length: 50 }, (_, n) => `the name of group ${n}`);
    const change = changeAbout('ana', 'one', { data: { org: 'acme', user: { id: 'ana', groups }, okta: { eventType: 'x' } } });

    expect(new Set(answers(change, many(1_000, 'many', { filter })).map((answer) => answer.split(' ')[1]))).toEqual(new Set(['not-owed']));
  });

  it('asks a filter of 48 comparisons over three hundred date-times', () => {
    expect(answers(changeWithTimes(300), [subscriptionNamed('many', { filter: readsTimes(48) })])).toEqual(['many not-owed']);
  });
});
