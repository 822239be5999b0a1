import { describe, expect, it } from 'vitest';
import { quarantineReasons } from '#lib/quarantine/quarantine.ts';
import { readLogEvent } from '#lib/okta/log-event.ts';

const event = { uuid: '2d050e48-fc0a-11ea-bbf6-1d98632c66b8', eventType: 'user.lifecycle.create', published: '2026-11-21T12:58:42.340Z' };

function reasonOf(value: unknown): string {
  const reading = readLogEvent(value);
  return reading.kind === 'unreadable' ? reading.reason : 'readable';
}
function timeOf(published: unknown): string | undefined {
  const reading = readLogEvent({ ...event, published });
  return reading.kind === 'readable' ? reading.event.published.toISOString() : undefined;
}

describe('readLogEvent, what is unreadable', () => {
  it.each([null, undefined, 'event', 7, true, [], [event]])('%j: not an object', (value) => {
    expect(reasonOf(value)).toBe('event-not-an-object');
  });

  it.each([undefined, null, '', 7, {}, ['2d050e48']])('uuid %j: no uuid', (uuid) => {
    expect(reasonOf({ ...event, uuid })).toBe('event-without-uuid');
  });

  it.each([undefined, null, '', 7, {}])('eventType %j: no type', (eventType) => {
    expect(reasonOf({ ...event, eventType })).toBe('event-without-type');
  });

  it.each([undefined, null, '', 7, 1_795_265_922_340, {}, 'today'])('published %j: no time', (published) => {
    expect(reasonOf({ ...event, published })).toBe('event-without-time');
  });

  it('is told by reasons that the quarantine knows', () => {
    const reasons = [reasonOf(1), reasonOf({}), reasonOf({ uuid: 'u' }), reasonOf({ uuid: 'u', eventType: 't' })];
    expect(quarantineReasons).toEqual(expect.arrayContaining(reasons));
  });

  it('repeats nothing of the event in the detail', () => {
    const reading = readLogEvent({ ...event, published: 'ana@example.com' });
    expect(reading.kind === 'unreadable' && reading.detail).not.toContain('ana');
  });
});

describe('readLogEvent, what is a date', () => {
  it.each([
    ['2026-11-21T12:58:42.340Z', '2026-11-21T12:58:42.340Z'],
    ['2026-11-21T12:58:42Z', '2026-11-21T12:58:42.000Z'],
    ['2026-11-21T12:58Z', '2026-11-21T12:58:00.000Z'],
    ['2026-11-21T12:58:42.3Z', '2026-11-21T12:58:42.300Z'],
    ['2026-11-21T12:58:42,34Z', '2026-11-21T12:58:42.340Z'],
    ['2026-11-21T12:58:42.999999999Z', '2026-11-21T12:58:42.999Z'],
    ['2026-11-21t12:58:42.340z', '2026-11-21T12:58:42.340Z'],
    ['2026-11-21T14:58:42.340+02:00', '2026-11-21T12:58:42.340Z'],
    ['2026-11-21T07:28:42.340-0530', '2026-11-21T12:58:42.340Z'],
    ['2026-11-21T14:58:42.340+02', '2026-11-21T12:58:42.340Z'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2017-01-01T01:59:60.500+02:00', '2017-01-01T00:00:00.500Z'],
    ['2001-09-09T01:46:40Z', '2001-09-09T01:46:40.000Z'],
    ['2286-11-20T17:46:39.999Z', '2286-11-20T17:46:39.999Z'],
  ])('%s is %s', (published, instant) => {
    expect(timeOf(published)).toBe(instant);
  });

  it.each([
    '2026-11-21',
    '2026-11-21T12:58:42.340',
    '2026-11-21 12:58:42Z',
    ' 2026-11-21T12:58:42Z',
    '2026-11-21T12:58:42Z\n',
    '2026-11-21T12:58:42.Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T12:60:00Z',
    '2026-11-21T12:58:60Z',
    '2026-11-21T12:58:61Z',
    '2026-11-21T12:58:42+24:00',
    '2026-11-21T12:58:42+01:60',
    '2026-02-29T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '+002026-11-21T12:58:42Z',
    '0000-01-01T00:00:00Z',
    '2001-09-09T01:46:39.999Z',
    '2286-11-20T17:46:40Z',
    'Sat, 21 Nov 2026 12:58:42 GMT',
    '1795265922340',
    '２０２６-11-21T12:58:42Z',
  ])('%j is none', (published) => {
    expect(timeOf(published)).toBeUndefined();
  });
});

describe('readLogEvent, what is loose', () => {
  it('reads missing, null and wrong types as absent', () => {
    const bare = readLogEvent(event);
    for (const wrong of [null, 'text', 7, []]) {
      const other = { ...event, actor: wrong, target: wrong, transaction: wrong, debugContext: wrong };
      expect(readLogEvent(other)).toEqual({ ...bare, event: { ...(bare.kind === 'readable' && bare.event), original: other } });
    }
  });

  it('keeps the event as it came, unknown members and all', () => {
    const given = JSON.parse(
      '{"uuid":"u","eventType":"t","published":"2026-11-21T12:58:42Z","new":{"__proto__":{"a":1}},"__proto__":{"uuid":"v"}}',
    ) as object;
    const reading = readLogEvent(given);
    expect(reading.kind === 'readable' && reading.event.original).toBe(given);
    expect(reading.kind === 'readable' && reading.event.uuid).toBe('u');
  });

  it('keeps targets that have an id, and of those what is text', () => {
    const target = [
      null,
      'User',
      { type: 'User' },
      { id: '', type: 'User' },
      { id: '00u1', type: 7, alternateId: null, displayName: 'Ana' },
    ];
    const reading = readLogEvent({ ...event, target });
    expect(reading.kind === 'readable' && reading.event.targets).toEqual([{ id: '00u1', displayName: 'Ana' }]);
  });
});
