import { normalise, type NormaliseContext } from '#lib/identity/normalise.ts';
import type { Change } from '#lib/identity/change.ts';
import { readLogEvent, type LogEvent } from '#lib/okta/log-event.ts';
import { orgSchema } from '#lib/okta/org.ts';

/** What surrounds the events of test/fixtures/changes. */
export const context: NormaliseContext = {
  org: orgSchema.parse({
    id: 'acme',
    hosts: ['acme.okta.com', 'login.acme.example.com'],
    authentication: [{ kind: 'header', headerName: 'authorization', digests: ['0'.repeat(64)] }],
  }),
  hookRequestId: '33b5bedc-ea7a-4503-aade-4b1aac0c465e',
  receivedAt: new Date('2026-11-21T12:58:52.611Z'),
  origin: 'hook',
};

export function readable(value: unknown): LogEvent {
  const reading = readLogEvent(value);
  if (reading.kind !== 'readable') throw new Error(`not readable: ${reading.reason}`);
  return reading.event;
}

export function changeOf(value: unknown): Change {
  return normalise(readable(value), context);
}

/** A user of acme as a target. */
export const ana = { id: '00uana000000000004x7', type: 'User', alternateId: 'ana@example.com', displayName: 'Ana Ito' };
export const ben = { id: '00uben000000000004x7', type: 'User', alternateId: 'ben@example.com', displayName: 'Ben Osei' };
export const engineering = { id: '00geng000000000004x7', type: 'UserGroup', alternateId: 'unknown', displayName: 'Engineering' };
export const wiki = { id: '0oawiki00000000004x7', type: 'AppInstance', alternateId: 'Team Wiki', displayName: 'Team Wiki' };

/** An event that succeeded, with what the test at hand says about it. */
export function eventWith(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    uuid: '2d050e48-fc0a-11ea-bbf6-1d98632c66b8',
    published: '2026-11-21T12:58:42.340Z',
    eventType: 'user.lifecycle.deactivate',
    outcome: { result: 'SUCCESS' },
    target: [ana],
    ...members,
  };
}
