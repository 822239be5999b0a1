import { afterEach, describe, expect, it, vi } from 'vitest';
import { requestSigner } from '#lib/aws/request-signer.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe('signing a request', () => {
  it('makes the signature that AWS gives as its example', async () => {
    // "Example: GET Object", https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    vi.useFakeTimers({ now: new Date('2013-05-24T00:00:00Z'), toFake: ['Date'] });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
    vi.stubEnv('AWS_SESSION_TOKEN', '');
    const headers = await requestSigner('s3', { region: 'us-east-1' })({
      method: 'GET',
      url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
      headers: { range: 'bytes=0-9' },
      body: new Uint8Array(),
    });
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, ' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('covers the body, and the host with its port', async () => {
    const sign = requestSigner('kms', { region: 'us-east-1', endpoint: 'http://127.0.0.1:4599' });
    const url = new URL('http://127.0.0.1:4599/');
    const signed = (text: string) => sign({ method: 'POST', url, headers: {}, body: Buffer.from(text) });
    const [one, other] = [await signed('a'), await signed('b')];
    expect(one['host']).toBe('127.0.0.1:4599');
    expect(one['x-amz-content-sha256']).toBe('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
    expect(one['authorization']).not.toBe(other['authorization']);
  });
});
