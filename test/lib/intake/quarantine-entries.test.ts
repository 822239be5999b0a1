import { describe, expect, it } from 'vitest';
import { eventEntries, wholeBodyEntry } from '#lib/intake/quarantine-entries.ts';
import type { RejectedEvent } from '#lib/intake/read-events.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import { noon } from '../okta/authenticity-fixtures.ts';

const origin = { org: orgIdSchema.parse('acme'), receivedAt: noon, body: Buffer.from('the body') };
const rejected = (...events: unknown[]): RejectedEvent[] =>
  events.map((event) => ({ reason: 'event-without-uuid', detail: 'No uuid.', event }));
const ids = (...events: unknown[]) => eventEntries(origin, rejected(...events)).map(({ id }) => id);

describe('ids', () => {
  it('have the form that the port asks for', () => {
    expect(
      [...ids({}, [], 'ü'), wholeBodyEntry(origin, { reason: 'not-json', detail: '' }).id].every((id) => /^[a-z0-9-]{1,64}$/.test(id)),
    ).toBe(true);
  });

  it('are the same for the same events in another body and another order', () => {
    const [a, b] = ids({ a: 1 }, { b: 1 });
    expect(ids({ b: 1 }, { c: 1 }, { a: 1 })).toEqual([b, expect.any(String), a]);
  });

  it('differ for an event that a body holds twice', () => {
    expect(new Set(ids(null, null, null)).size).toBe(3);
  });

  it('differ between orgs', () => {
    const other = eventEntries({ ...origin, org: orgIdSchema.parse('other') }, rejected(null)).map(({ id }) => id);
    expect(other).not.toEqual(ids(null));
  });
});

it('keeps at most fifty events apart, and the rest with the body they came in', () => {
  const entries = eventEntries(origin, rejected(...Array.from({ length: 4_000 }, (_, index) => index)));
  expect(entries.length).toBe(51);
  expect(entries[49]).toMatchObject({ body: Buffer.from('49') });
  expect(entries[50]).toMatchObject({ body: origin.body, detail: expect.stringContaining('3950 more events') as string });
});
