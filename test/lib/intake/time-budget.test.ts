import { expect, it } from 'vitest';
import { TimeBudget } from '#lib/intake/time-budget.ts';

const budget = (leftMs: number) => new TimeBudget({ endsAtMs: 1_000_000 + leftMs, now: () => new Date(1_000_000) });

it.each([
  [2_300, 2_300],
  [0, 0],
  [-5, 0],
])('of %d ms has %d ms left', (leftMs, remainingMs) => {
  expect(budget(leftMs).remainingMs()).toBe(remainingMs);
});

it('passes on what the work answers, and what it throws', async () => {
  expect(await budget(1_000).within('KEY_UNAVAILABLE', async () => 7)).toBe(7);
  await expect(budget(1_000).within('KEY_UNAVAILABLE', () => Promise.reject(new TypeError('own')))).rejects.toThrow(TypeError);
});

it('ends work that says nothing', async () => {
  await expect(budget(5).within('KEY_UNAVAILABLE', () => new Promise(() => undefined))).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
});

it('starts nothing once the time is up', async () => {
  let started = false;
  const work = async () => {
    started = true;
  };
  await expect(budget(0).within('KEY_UNAVAILABLE', work)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  expect(started).toBe(false);
});
