import { describe, expect, it } from 'vitest';
import { matchesTypePattern, typePatternProblem } from '#lib/subscriptions/type-pattern.ts';

describe('a type pattern', () => {
  it.each([
    '*',
    'i*',
    'identity.*',
    'identity.user.*',
    'identity.user.created',
    'identity.user.c*',
    'o*',
    'okta.*',
    'okta.user.session.start',
    'okta.user.session.*',
    'okta.user.authentication.auth_via_AD_agent',
    'relay.*',
    'relay.subscription.*',
    'relay.subscription.failing',
    'relay.subscription.d*',
  ])('%s is good', (pattern) => {
    expect(typePatternProblem(pattern)).toBeUndefined();
  });

  it.each([
    ['', '1 to 200 characters'],
    [`okta.${'x'.repeat(196)}`, '1 to 200 characters'],
    ['identity.*.created', 'at the end only'],
    ['**', 'at the end only'],
    ['identity.user created', 'must be a change type'],
    ['identity.üser', 'must be a change type'],
    ['identity.user.activatd', 'matches no change type'],
    ['identity.', 'matches no change type'],
    ['identity.users.*', 'matches no change type'],
    ['Identity.user.*', 'matches no change type'],
    ['okta.', 'matches no change type'],
    ['user.lifecycle.create', 'matches no change type'],
    ['x*', 'matches no change type'],
    ['r*', 'matches no change type'],
    ['relay*', 'matches no change type'],
    ['relay.', 'matches no change type'],
    ['relay.subscription', 'matches no change type'],
    ['relay.subscription.deleted', 'matches no change type'],
    ['relay.org.*', 'matches no change type'],
  ])('%j is refused', (pattern, reason) => {
    expect(typePatternProblem(pattern)).toContain(reason);
  });

  it.each([
    ['*', 'okta.policy.rule.update', true],
    ['identity.user.*', 'identity.user.created', true],
    ['identity.user.*', 'identity.group.created', false],
    ['identity.user.*', 'okta.identity.user.created', false],
    ['identity.user.created', 'identity.user.created', true],
    ['identity.user.created', 'identity.user.created2', false],
    ['identity.user.created', 'Identity.user.created', false],
    ['identity.user.c*', 'identity.user.created', true],
    ['*', 'relay.subscription.failing', false],
    ['r*', 'relay.subscription.failing', false],
    ['relay*', 'relay.subscription.failing', false],
    ['relay.*', 'relay.subscription.failing', true],
    ['relay.subscription.failing', 'relay.subscription.failing', true],
    ['relay.subscription.failing', 'relay.subscription.disabled', false],
    ['*', 'relayed.something', true],
  ])('%s matches %s: %s', (pattern, type, expected) => {
    expect(matchesTypePattern(pattern, type)).toBe(expected);
  });
});
