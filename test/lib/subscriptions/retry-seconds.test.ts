import { describe, expect, it } from 'vitest';
import { retrySecondsProblem } from '#lib/subscriptions/retry-seconds.ts';

const day = 86_400;

describe("a subscription's own waits", () => {
  it.each([[[1]], [[5, 60, 3_600]], [Array(15).fill(1)], [Array(7).fill(day)], [[day]]])('%j are good', (waits) => {
    expect(retrySecondsProblem(waits)).toBeUndefined();
  });

  it.each([
    [[], '1 to 15 waits'],
    [Array(16).fill(1), '1 to 15 waits'],
    [[0], 'whole seconds from 1 to 86400'],
    [[-5], 'whole seconds from 1 to 86400'],
    [[1.5], 'whole seconds from 1 to 86400'],
    [[NaN], 'whole seconds from 1 to 86400'],
    [[Infinity], 'whole seconds from 1 to 86400'],
    [[day + 1], 'whole seconds from 1 to 86400'],
    [[...Array(7).fill(day), 1], '604800 seconds'],
  ])('%j are refused', (waits: number[], reason) => {
    expect(retrySecondsProblem(waits)).toContain(reason);
  });
});
