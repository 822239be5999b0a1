import { expect, it } from 'vitest';
import { readChallenge } from '#lib/okta/challenge.ts';
import { verifiedRequest } from './authenticity-fixtures.ts';

const challenged = async (challenge: string) =>
  readChallenge(await verifiedRequest({ target: 'challenge', headers: { 'x-okta-verification-challenge': challenge } }));

it.each(['Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg', '"</script>', 'x'.repeat(1024)])('finds the challenge %.40j', async (challenge) => {
  expect(await challenged(challenge)).toBe(challenge);
});

it.each(['', 'x'.repeat(1025)])('takes %.10j for no challenge', async (challenge) => {
  expect(await challenged(challenge)).toBeUndefined();
});

it('answers undefined without the header', async () => {
  expect(readChallenge(await verifiedRequest({ target: 'challenge' }))).toBeUndefined();
});
