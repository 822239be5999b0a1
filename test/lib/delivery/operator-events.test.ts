import { describe, expect, it } from 'vitest';
import { deliveryMessageSchema } from '#lib/delivery/delivery.ts';
import { operatorChange, operatorDeliveries } from '#lib/delivery/operator-events.ts';
import { changeSchema } from '#lib/identity/change.ts';
import { operatorEventKinds, type OperatorEvent } from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';

const subject = storedSubscription(1, { name: 'Badges', url: 'https://badges.example.com/hook?key=s3cret', types: ['*', 'relay.*'] });
const event: OperatorEvent = {
  id: '6f1d6ad4-6a2e-4f6b-8a39-0e5d9f6f2a10',
  kind: 'failing',
  at: '2026-11-22T06:00:00.000Z',
  reason: 'timeout',
};
const watcher = (number: number, overrides: Parameters<typeof storedSubscription>[1] = {}) =>
  storedSubscription(number, { types: ['relay.subscription.*'], ...overrides });
const told = (...all: ReturnType<typeof storedSubscription>[]) =>
  operatorDeliveries(event, subject, [subject, ...all]).map(({ message }) => message.subscription);

describe('an operator event', () => {
  it('is a change as any other: who is failing, why, and nothing secret', () => {
    expect(operatorChange(event, subject)).toEqual({
      specversion: '1.0',
      id: event.id,
      source: 'urn:okta-event-relay:subscriptions',
      type: 'relay.subscription.failing',
      subject: `subscriptions/${subject.id}`,
      time: event.at,
      datacontenttype: 'application/json',
      partitionkey: `relay:${subject.id}`,
      recordedtime: event.at,
      sequence: '1795327200000-0000000000000000000',
      origin: 'relay',
      data: { org: 'relay', subscription: { id: subject.id, name: 'Badges' }, reason: 'timeout' },
    });
    expect(JSON.stringify(operatorDeliveries(event, subject, [watcher(2)]))).not.toContain('s3cret');
  });

  it.each(operatorEventKinds)('%s fits the published schema and the queue', (kind) => {
    const change = operatorChange({ ...event, kind }, subject);
    expect(changeSchema.parse(change)).toEqual(change);
    const [delivery] = operatorDeliveries({ ...event, kind }, subject, [watcher(2)]);
    expect(deliveryMessageSchema.parse(JSON.parse(JSON.stringify(delivery?.message)))).toEqual(delivery?.message);
  });

  it('goes to those that name its type, and not to those that ask for every change', () => {
    const all = [watcher(2), watcher(3, { types: ['*'] }), watcher(4, { types: ['relay.subscription.failing'] }), watcher(5, { types: ['relay.subscription.disabled'] })]; // prettier-ignore
    expect(told(...all)).toEqual([all[0]?.id, all[2]?.id]);
  });

  it('goes to those that are active or paused, and never to the one it is about', () => {
    const all = [watcher(2, { status: 'paused' }), watcher(3, { status: 'disabled' }), watcher(4, { status: 'deleted' })];
    expect(told(...all)).toEqual([all[0]?.id]);
  });

  it('is of no Okta org: whoever names orgs has to name `relay`', () => {
    const [acme, relay] = [watcher(2, { orgs: ['acme' as never] }), watcher(3, { orgs: ['acme' as never, 'relay' as never] })];
    expect(told(acme, relay)).toEqual([relay.id]);
  });

  it('passes filters, and one that does not compile stops nobody else', () => {
    const all = [watcher(2, { filter: 'reason eq "timeout"' }), watcher(3, { filter: 'reason eq "gone"' }), watcher(4, { filter: '((' }), watcher(5)]; // prettier-ignore
    expect(told(...all)).toEqual([all[0]?.id, all[3]?.id]);
  });

  it('is queued with as much as its receiver asks for', () => {
    const watching = [watcher(2), watcher(3, { format: 'minimal' }), watcher(4, { attributes: ['subscription'] })];
    const data = operatorDeliveries(event, subject, watching).map(({ message }) => message.change.data.subscription);
    expect(data).toEqual([{ id: subject.id, name: subject.name }, { id: subject.id }, { id: subject.id, name: subject.name }]);
  });

  it('is the same deliveries each time it is asked for, in one lane for each receiver and subject', () => {
    const [watching, other] = [watcher(2), storedSubscription(7)];
    const once = operatorDeliveries(event, subject, [watching, watcher(3)]);
    expect(operatorDeliveries(event, subject, [watching, watcher(3)])).toEqual(once);
    expect(new Set(once.map(({ groupId }) => groupId)).size).toBe(2);
    const next = { ...event, id: '6f1d6ad4-6a2e-4f6b-8a39-0e5d9f6f2a11', kind: 'recovered' } as const;
    const [later] = operatorDeliveries(next, subject, [watching]);
    expect(later?.groupId).toBe(once[0]?.groupId);
    expect(later?.deduplicationId).not.toBe(once[0]?.deduplicationId);
    expect(operatorDeliveries(event, other, [watching])[0]?.groupId).not.toBe(once[0]?.groupId);
  });
});
