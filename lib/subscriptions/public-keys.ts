import { jwkOf } from './ed25519-keys.ts';
import { liveSecrets } from './signing-secret.ts';
import type { Subscription } from './subscription.ts';

/** The public keys whose `v1a` signatures a subscription gets at this time, newest first, as JSON Web Keys. */
export function publicKeysOf({ signingSecrets }: Pick<Subscription, 'signingSecrets'>, now: Date): object[] {
  return liveSecrets(signingSecrets, now).flatMap(({ publicKey }) => (publicKey === undefined ? [] : [jwkOf(publicKey)]));
}
