import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';

describe('s3QuarantineBodies', () => {
  const stops: (() => void)[] = [];
  afterEach(() => stops.splice(0).forEach((stop) => stop()));

  async function bucketThat(answers: (headers: IncomingHttpHeaders, url: string) => number | undefined) {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        const status = answers(request.headers, request.url ?? '');
        if (status !== undefined) response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return s3QuarantineBodies({ client: s3Client({ region: 'us-east-1', endpoint, requestTimeoutMs: 200 }), bucket: 'quarantine' });
  }

  it('leaves encryption to the bucket, under a name made of the id alone', async () => {
    const seen: { headers: IncomingHttpHeaders; url: string }[] = [];
    const bodies = await bucketThat((headers, url) => (seen.push({ headers, url }), 200));
    await bodies.put({ id: 'q-1', body: Buffer.from('<script>') });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.url).toContain('/quarantine/bodies/q-1');
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/octet-stream' });
    // The bucket's default (SSE-KMS) holds only while a request does not name another.
    expect(seen[0]?.headers).not.toHaveProperty('x-amz-server-side-encryption');
  });

  it.each([403, 404, 500, 503])('is unavailable when the bucket answers %i', async (status) => {
    const bodies = await bucketThat(() => status);
    await expect(bodies.put({ id: 'q-1', body: Buffer.from('x') })).rejects.toMatchObject({
      code: 'QUARANTINE_UNAVAILABLE',
      facts: { operation: 'PutObject' },
    });
  });

  it('does not wait for a bucket that never answers', async () => {
    let tries = 0;
    const bodies = await bucketThat(() => ((tries += 1), undefined));
    await expect(bodies.put({ id: 'q-1', body: Buffer.from('x') })).rejects.toMatchObject({ code: 'QUARANTINE_UNAVAILABLE' });
    expect(tries).toBe(2);
  });
});
