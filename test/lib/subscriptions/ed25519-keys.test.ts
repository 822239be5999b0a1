import { createPublicKey, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jwkOf, keyIdOf, keyPairOf, privateKeyIn, publicKeyText } from '#lib/subscriptions/ed25519-keys.ts';

/** RFC 8037 appendix A.1 and A.2. */
const seed = Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url');
const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';

describe('an Ed25519 key pair', () => {
  it('has the public key, the thumbprint and the signature of RFC 8037', () => {
    const { secret, publicKey } = keyPairOf(seed);
    expect(Buffer.from(publicKey, 'base64').toString('base64url')).toBe(x);
    expect(keyIdOf(publicKey)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
    expect(jwkOf(publicKey)).toMatchObject({ kty: 'OKP', crv: 'Ed25519', x });
    expect(jwkOf(publicKey)).not.toHaveProperty('d');
    const key = privateKeyIn(secret);
    if (key === undefined) throw new Error('no key');
    // Appendix A.4.
    const content = Buffer.from('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc');
    const signature = sign(null, content, key);
    expect(signature.toString('base64url')).toBe('hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg');
    expect(verify(null, content, createPublicKey({ key: { ...jwkOf(publicKey) }, format: 'jwk' }), signature)).toBe(true);
  });

  it('is written as whsk_ and 64 bytes, its public half as whpk_ and 32', () => {
    const { secret, publicKey } = keyPairOf(seed);
    expect(Buffer.from(secret.slice('whsk_'.length), 'base64')).toEqual(Buffer.concat([seed, Buffer.from(x, 'base64url')]));
    expect(publicKeyText(publicKey)).toBe(`whpk_${Buffer.from(x, 'base64url').toString('base64')}`);
  });

  it.each(['', 'whsk_', `whsec_${keyPairOf(seed).secret.slice(5)}`, `whsk_${seed.toString('base64')}`, `${keyPairOf(seed).secret} `])(
    'is not in %j',
    (text) => {
      expect(privateKeyIn(text)).toBeUndefined();
    },
  );
});
