import { describe, expect, it } from 'vitest';
import { maxChangeBytes } from '#lib/identity/change.ts';
import { maxChangeValues } from '#lib/identity/has-more-values-than.ts';
import { serialiseChange } from '#lib/identity/serialise-change.ts';
import { changeOf, eventWith } from './acme.ts';

const withEvent = (members: Record<string, unknown>) => changeOf(eventWith({ eventType: 'policy.rule.update', ...members }));
const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;

describe('serialiseChange', () => {
  it('writes a change as JSON in UTF-8', () => {
    const change = withEvent({ displayMessage: 'é 😀 \ud800' });
    const serialised = serialiseChange(change);
    expect(serialised.kind === 'serialised' && JSON.parse(Buffer.from(serialised.value).toString('utf8'))).toEqual(change);
  });

  it('counts bytes, not characters, against the limit', () => {
    const emptyBytes = JSON.stringify(withEvent({ displayMessage: '' })).length;
    const room = maxChangeBytes - emptyBytes;
    expect(serialiseChange(withEvent({ displayMessage: 'x'.repeat(room) })).kind).toBe('serialised');
    expect(serialiseChange(withEvent({ displayMessage: 'x'.repeat(room + 1) })).kind).toBe('too-large');
    expect(serialiseChange(withEvent({ displayMessage: 'é'.repeat(room / 2 + 1) })).kind).toBe('too-large');
  });

  it('does not overflow on an event that is nested deeper than JSON can be written', () => {
    expect(serialiseChange(withEvent({ client: nested(90) })).kind).toBe('serialised');
    expect(serialiseChange(withEvent({ client: nested(110) })).kind).toBe('too-large');
    expect(serialiseChange(withEvent({ client: nested(200_000) })).kind).toBe('too-large');
  });

  it('carries no change with more members and elements than filters may be made to look at', () => {
    expect(serialiseChange(withEvent({ client: Array(maxChangeValues - 100).fill(0) })).kind).toBe('serialised');
    expect(serialiseChange(withEvent({ client: Array(maxChangeValues).fill(0) })).kind).toBe('too-large');
    expect(serialiseChange(withEvent({ client: Array(5_000).fill({ id: 1 }) })).kind).toBe('too-large');
  });
});
