import { expect, it } from 'vitest';
import { decoyBox } from '#lib/sealing/decoy-box.ts';

it('opens a long secret that no two boxes share, again and again', async () => {
  const now = () => new Date('2026-11-21T12:00:00Z');
  const [one, other] = [decoyBox({ now }), decoyBox({ now })];
  const first = await one();
  expect(Buffer.from(first, 'base64')).toHaveLength(32);
  expect(await one()).toBe(first);
  expect(await other()).not.toBe(first);
});

it('goes on when its data key has left the cache', async () => {
  let nowMs = Date.parse('2026-11-21T12:00:00Z');
  const open = decoyBox({ now: () => new Date(nowMs) });
  const first = await open();
  nowMs += 6 * 60_000;
  expect(await open()).toBe(first);
});
