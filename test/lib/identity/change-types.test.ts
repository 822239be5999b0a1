import { describe, expect, it } from 'vitest';
import { changeTypes } from '#lib/identity/change-types.ts';
import { isRemoval } from '#lib/identity/is-removal.ts';

describe('changeTypes', () => {
  it('has each event type once', () => {
    expect(new Set(changeTypes.map((row) => row.eventType)).size).toBe(changeTypes.length);
  });

  it('needs whom a state key names', () => {
    for (const row of changeTypes) {
      const named = [...(row.stateKey ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(row.needs).toEqual(expect.arrayContaining(named));
    }
  });

  it('gives rows of one change type the same state key, operation and urgency', () => {
    for (const row of changeTypes) {
      const { eventType: _, ...first } = changeTypes.find((other) => other.type === row.type) ?? row;
      expect(row).toEqual({ eventType: row.eventType, ...first });
    }
  });
});

describe('isRemoval', () => {
  it('holds for closed accounts and lost memberships and assignments, and for nothing else', () => {
    const removals = changeTypes.map((row) => row.type).filter((type) => isRemoval({ type }));
    expect(removals).toEqual([
      'identity.user.deactivated',
      'identity.user.suspended',
      'identity.user.deleted',
      'identity.group.member_removed',
      'identity.app.user_unassigned',
      'identity.app.group_unassigned',
    ]);
    expect(isRemoval({ type: 'okta.user.lifecycle.deactivate' })).toBe(false);
  });
});
