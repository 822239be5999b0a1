import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryIdOf } from '#lib/delivery/delivery.ts';
import { orderingKeyIn } from '#lib/delivery/lane.ts';
import { changeAbout, deliveryTo, subscriptionNamed } from '../../support/deliveries.ts';

const payroll = subscriptionNamed('payroll');
const badges = subscriptionNamed('badges');
const inOrg = (org: string) => ({
  partitionkey: `${org}:00uana`,
  data: { org, user: { id: '00uana' }, okta: { eventType: 'user.lifecycle.deactivate' } },
});

describe('a lane', () => {
  it('is one group for all changes of one person, for one subscription and one org', () => {
    const { groupId } = deliveryTo(payroll, '00uana', 'one');

    expect(deliveryTo(payroll, '00uana', 'two', { type: 'identity.user.activated' }).groupId).toBe(groupId);
    expect(deliveryTo(payroll, '00uben', 'one').groupId).not.toBe(groupId);
    expect(deliveryTo(badges, '00uana', 'one').groupId).not.toBe(groupId);
    expect(deliveryTo(payroll, '00uana', 'one', inOrg('other')).groupId).not.toBe(groupId);
  });

  it('is a group for each delivery when the subscription asks for no order', () => {
    const unordered = { ...payroll, ordering: 'none' as const };
    const { groupId } = deliveryTo(unordered, '00uana', 'one');

    expect(deliveryTo(unordered, '00uana', 'two').groupId).not.toBe(groupId);
    expect(deliveryTo(unordered, '00uana', 'one').groupId).toBe(groupId);
  });

  it('makes ids that SQS takes of any ordering key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), (key) => {
        const { groupId, deduplicationId } = deliveryTo(payroll, key, key);
        expect(groupId).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
        expect(deduplicationId).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
      }),
    );
  });
});

describe('the deduplication id', () => {
  it('is the same for a change that comes again, also from another record and at another time', () => {
    const { deduplicationId } = deliveryTo(payroll, '00uana', 'one');

    expect(deduplicationId).toBe(deliveryIdOf(payroll.id, 'acme', 'one'));
    expect(deliveryTo(payroll, '00uana', 'one', { recordedtime: '2026-11-21T12:59:52.611Z' }).deduplicationId).toBe(deduplicationId);
  });

  it('differs by subscription, org and change', () => {
    const ids = [
      deliveryTo(payroll, '00uana', 'one'),
      deliveryTo(payroll, '00uana', 'two'),
      deliveryTo(badges, '00uana', 'one'),
      deliveryTo(payroll, '00uana', 'one', inOrg('other')),
    ].map(({ deduplicationId }) => deduplicationId);

    expect(new Set(ids).size).toBe(4);
  });
});

describe('orderingKeyIn', () => {
  it.each([
    { partitionkey: 'acme:00uana', key: '00uana' },
    { partitionkey: 'acme:a:b', key: 'a:b' },
    { partitionkey: 'acme:', key: undefined },
    { partitionkey: 'other:00uana', key: undefined },
    { partitionkey: '00uana', key: undefined },
  ])('finds $key in $partitionkey', ({ partitionkey, key }) => {
    expect(orderingKeyIn(changeAbout('00uana', 'one', { partitionkey }))).toBe(key);
  });
});
