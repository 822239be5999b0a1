import { describe, expect, it } from 'vitest';
import { orgIdSchema } from '#lib/okta/org.ts';
import { compileSubscription } from '#lib/subscriptions/matches.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';
import { memberAdded } from './changes.ts';

const id = subscriptionIdSchema.parse('sub_01jd7q0000000000000000000a');
const org = (name: string) => orgIdSchema.parse(name);

describe('compileSubscription', () => {
  it.each([
    [{ types: ['*'] }, true],
    [{ types: ['identity.user.*', 'identity.group.*'] }, true],
    [{ types: ['identity.user.*'] }, false],
    [{ types: [] }, false],
    [{ types: ['*'], orgs: [org('acme'), org('beta')] }, true],
    [{ types: ['*'], orgs: [org('beta')] }, false],
    [{ types: ['*'], filter: 'group.displayName eq "Engineering"' }, true],
    [{ types: ['*'], filter: 'group.displayName eq "Sales"' }, false],
    [{ types: ['*'], orgs: [org('beta')], filter: 'group.displayName eq "Engineering"' }, false],
  ])('%j: %s', (subscription, expected) => {
    expect(compileSubscription({ id, ...subscription })(memberAdded())).toBe(expected);
  });

  it('leaves the changes of demonstrations to those who name their org', () => {
    const change = memberAdded();
    const demonstration = { ...change, data: { ...change.data, org: org('demo') } };
    expect(compileSubscription({ id, types: ['*'] })(demonstration)).toBe(false);
    expect(compileSubscription({ id, types: ['*'], orgs: [org('demo')] })(demonstration)).toBe(true);
  });

  it('throws for a stored filter that does not compile, and does not quote it', () => {
    const compile = () => compileSubscription({ id, types: ['*'], filter: 'user.userName eq "ana@example.com' });
    expect(compile).toThrow(`The stored filter of ${id} does not compile`);
  });
});
