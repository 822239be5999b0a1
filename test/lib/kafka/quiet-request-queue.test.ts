import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { kafkaClient } from '#lib/kafka/client.ts';

/** Answers ApiVersions (key 18) v0 to v2 with one API and everything else never. */
function answerTo(request: Buffer): Buffer {
  const correlationId = request.subarray(8, 12);
  // No error, one API: Metadata (3), versions 0 to 6; then, from v1 on, no throttling.
  const body = Buffer.concat([
    correlationId,
    Buffer.from('0000' + '00000001' + '0003' + '0000' + '0006', 'hex'),
    request.readInt16BE(6) > 0 ? Buffer.alloc(4) : Buffer.alloc(0),
  ]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('kafkajs under Node 24', () => {
  it('computes no negative timeout after a response', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', note);
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (request: Buffer) => {
        if (request.readInt16BE(4) === 18) socket.write(answerTo(request));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };

    const client = kafkaClient(
      { brokers: [`127.0.0.1:${port}`], auth: 'none', region: 'us-east-1', clientId: 'test' },
      { connectTimeoutMs: 500, requestTimeoutMs: 500, retries: 0, retryWaitMs: 1 },
    );
    const admin = client.kafka.admin();
    await admin.connect();
    await new Promise((resolve) => setImmediate(resolve));
    client.cut();
    server.close();
    process.removeListener('warning', note);

    expect(warnings).not.toContain('TimeoutNegativeWarning');
  });
});
