import { describe, expect, it } from 'vitest';
import { iamTokenProvider } from '#lib/kafka/iam-token.ts';

describe('iamTokenProvider', () => {
  it('signs a token for the cluster’s region with the given credentials, offline', async () => {
    const credentials = () =>
      Promise.resolve({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'an invented secret', sessionToken: 'an invented session' });
    const { value } = await iamTokenProvider('eu-west-1', credentials)();
    const url = new URL(Buffer.from(value, 'base64url').toString('utf8'));
    expect(url.host).toBe('kafka.eu-west-1.amazonaws.com');
    expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect');
    expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^AKIDEXAMPLE\/\d{8}\/eu-west-1\/kafka-cluster\/aws4_request$/);
    expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe('an invented session');
    expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
    expect(url.href).not.toContain('an%20invented%20secret');
  });

  it('signs anew each time it is asked, so that a long-lived connection does not hold an old token', async () => {
    let asked = 0;
    const provider = iamTokenProvider('eu-west-1', () => {
      asked += 1;
      return Promise.resolve({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'an invented secret' });
    });
    await provider();
    await provider();
    expect(asked).toBe(2);
  });
});
