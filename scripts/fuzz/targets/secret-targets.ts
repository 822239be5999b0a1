import { isRelayError } from '#lib/errors.ts';
import type { DataKeys } from '#lib/sealing/data-keys.ts';
import { sealedSecretSchema, type SealedSecret } from '#lib/sealing/sealed-secret.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { noon } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { jsonSeed } from '../seeds.ts';
import { defaultLimitMs, hold, type Target } from '../target.ts';

const context = { purpose: 'hook-secret', owner: 'acme' } as const;
const plaintext = 'fuzz-sealed-secret';
const wrapped = Buffer.alloc(60, 3);
/** As KMS does it: a wrapped key that was altered is not unwrapped. */
const oneKey: DataKeys = {
  generate: () => Promise.resolve({ keyId: 'local:fuzz', plaintext: Buffer.alloc(32, 7), wrapped }),
  unwrap: (given) => Promise.resolve(Buffer.alloc(32, wrapped.equals(given) ? 7 : 8)),
};
const box = new SecretBox(oneKey, { now: () => noon });

/** A sealed secret as it lies in a table: it opens as it was sealed, or not at all. */
export const sealedSecret: Target = {
  name: 'sealed-secret',
  about: 'sealed secrets of orgs and subscriptions, as they are read back',
  shape: 'json',
  seeds: [jsonSeed(await box.seal(plaintext, context)), jsonSeed(await box.seal(plaintext, { ...context, owner: 'other' }))],
  words: ['"iv":', '"tag":', '"ciphertext":', '"keyId":', '=', '==', 'AAAA', '-', '_'],
  weight: 3,
  outcomes: ['opened', 'unreadable', 'no-secret'],
  limitMs: defaultLimitMs,
  async run(input) {
    let sealed: SealedSecret;
    try {
      sealed = sealedSecretSchema.parse(JSON.parse(Buffer.from(input).toString('utf8')));
    } catch {
      // As the stores of orgs and subscriptions read it: whatever is thrown on the way, the item is none of ours.
      return 'no-secret';
    }
    try {
      hold((await box.open(sealed, context)) === plaintext, 'what opens is what was sealed');
      return 'opened';
    } catch (error) {
      if (!isRelayError(error, 'SECRET_UNREADABLE')) throw error;
      hold(!JSON.stringify(error.facts).includes(plaintext), 'what is said of a secret does not hold it');
      return 'unreadable';
    }
  },
};
