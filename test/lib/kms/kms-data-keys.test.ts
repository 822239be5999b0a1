import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kmsDataKeys } from '#lib/kms/kms-data-keys.ts';
import type { SealContext } from '#lib/sealing/data-keys.ts';
import { failure, startKmsStandIn } from './kms-stand-in.ts';

const context: SealContext = { purpose: 'signing-secret', owner: 'sub_a' };

describe('kmsDataKeys', () => {
  let kms: Awaited<ReturnType<typeof startKmsStandIn>>;
  const keys = () => kmsDataKeys({ region: 'us-east-1', endpoint: kms.endpoint, keyId: kms.keyId });
  beforeAll(async () => {
    kms = await startKmsStandIn();
  });
  afterAll(() => kms.stop());
  beforeEach(() => {
    kms.state.fault = undefined;
    kms.state.calls = 0;
  });

  it('answers with the ARN of the key, not with the name it was given', async () => {
    expect((await keys().generate(context)).keyId).toBe(kms.arnOf(kms.keyId));
  });

  it('does not open with another key than the one named', async () => {
    const { wrapped } = await keys().generate(context);
    kms.addKey('1a2b3c4d-0000-4000-8000-000000000001');
    await expect(keys().unwrap(wrapped, kms.arnOf('1a2b3c4d-0000-4000-8000-000000000001'), context)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
    });
    await expect(keys().unwrap(wrapped, 'no such key', context)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });

  // Left: what KMS says. Middle and right: what becomes of it when a key is made, and when one is unwrapped.
  it.each([
    ['InvalidCiphertextException', 400, 'KEY_UNAVAILABLE', 'SECRET_UNREADABLE'],
    ['IncorrectKeyException', 400, 'KEY_UNAVAILABLE', 'SECRET_UNREADABLE'],
    ['NotFoundException', 400, 'KEY_UNAVAILABLE', 'SECRET_UNREADABLE'],
    ['ValidationException', 400, 'KEY_UNAVAILABLE', 'SECRET_UNREADABLE'],
    ['AccessDeniedException', 400, 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
    ['DisabledException', 400, 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
    ['KMSInvalidStateException', 400, 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
    ['KeyUnavailableException', 500, 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
    ['ThrottlingException', 400, 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
    ['KMSInternalException', 500, 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
    ['NeverHeardOf', 418, 'KEY_UNAVAILABLE', 'KEY_UNAVAILABLE'],
  ])('translates %s', async (name, status, generating, unwrapping) => {
    const { wrapped, keyId } = await keys().generate(context);
    kms.state.fault = failure(name, status);
    await expect(keys().generate(context)).rejects.toMatchObject({ name: 'RelayError', code: generating });
    await expect(keys().unwrap(wrapped, keyId, context)).rejects.toMatchObject({ name: 'RelayError', code: unwrapping });
  });

  it('is unavailable when an answer is incomplete', async () => {
    kms.state.fault = { status: 200, body: {} };
    await expect(keys().generate(context)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await expect(keys().unwrap(new Uint8Array(9), kms.keyId, context)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });

  it('is unavailable when nobody listens', async () => {
    const gone = await startKmsStandIn();
    await gone.stop();
    const unreachable = kmsDataKeys({ region: 'us-east-1', endpoint: gone.endpoint, keyId: gone.keyId });
    await expect(unreachable.generate(context)).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
  });
});
