import { describe, expect, it } from 'vitest';
import { clientOptions } from '#lib/aws/client-options.ts';

describe('clientOptions', () => {
  it.each(['http://127.0.0.1:8000', 'http://127.1.2.3', 'http://localhost:4566', 'http://[::1]:8000'])(
    'brings made-up credentials to %s',
    (endpoint) => {
      expect(clientOptions({ region: 'us-east-1', endpoint })).toMatchObject({ endpoint, credentials: { accessKeyId: 'local' } });
    },
  );

  it.each([
    undefined,
    'https://dynamodb.eu-central-1.amazonaws.com',
    'http://10.0.0.1',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
  ])('leaves the real credentials to %s', (endpoint) => {
    expect(clientOptions({ region: 'us-east-1', endpoint })).not.toHaveProperty('credentials');
  });

  it('ends two tries in AWS within what is left of three seconds', () => {
    const { maxAttempts, requestHandler } = clientOptions({ region: 'us-east-1' });
    expect(maxAttempts * requestHandler.requestTimeout).toBeLessThanOrEqual(2_000);
    expect(requestHandler.throwOnRequestTimeout).toBe(true);
  });
});
