import { describe, expect, it } from 'vitest';
import { newSubscriptionId } from '#lib/subscriptions/subscription-id.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';

const zeros = (count: number) => new Uint8Array(count);
const ones = (count: number) => new Uint8Array(count).fill(0xff);

describe('newSubscriptionId', () => {
  // The ULID specification's own limits: 0 and the last millisecond of 48 bits.
  it.each([
    [0, zeros, 'sub_00000000000000000000000000'],
    [2 ** 48 - 1, ones, undefined],
    [1_469_918_176_385, zeros, 'sub_01aryz6s410000000000000000'],
    [32, (count: number) => new Uint8Array(count).fill(0x01, count - 1), 'sub_00000000100000000000000001'],
  ])('writes time %i and randomness as a ULID in lower case', (timeMs, randomBytes, expected) => {
    // A Date ends before 48 bits do.
    const id = newSubscriptionId(new Date(Math.min(timeMs, 8.64e15)), randomBytes);
    expect(subscriptionIdSchema.safeParse(id).success).toBe(true);
    expect(id).toHaveLength(30);
    if (expected !== undefined) expect(id).toBe(expected);
  });

  it('sorts by time whatever the randomness', () => {
    const times = [0, 1, 31, 32, 1_023, 1_024, 1_700_000_000_000, 1_795_265_922_340];
    const ids = times.map((time, index) => newSubscriptionId(new Date(time), index % 2 === 0 ? ones : zeros));
    expect([...ids].sort()).toEqual(ids);
  });
});
