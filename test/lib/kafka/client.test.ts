import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { kafkaClient } from '#lib/kafka/client.ts';

const limits = { connectTimeoutMs: 2_000, requestTimeoutMs: 2_000, retries: 0, retryWaitMs: 1 };

async function listener(): Promise<{ port: number; firstSocket: Promise<Socket>; close(): void }> {
  const server = createServer();
  const firstSocket = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, firstSocket, close: () => server.close() };
}

describe('kafkaClient', () => {
  it('speaks TLS to MSK, and names the host it wants', async () => {
    const { port, firstSocket, close } = await listener();
    const client = kafkaClient({ brokers: [`localhost:${port}`], auth: 'iam', region: 'us-east-1', clientId: 'test' }, limits);
    const failed = expect(client.kafka.admin().connect()).rejects.toThrow();
    const [hello] = (await once(await firstSocket, 'data')) as [Buffer];
    client.cut();
    close();
    await failed;
    // A TLS record of type 22 (handshake), with the server name in the clear.
    expect(hello[0]).toBe(22);
    expect(hello.includes('localhost')).toBe(true);
  });

  it('ends every connection when it is cut, and makes no other', async () => {
    const { port, firstSocket, close } = await listener();
    const messages: string[] = [];
    const client = kafkaClient(
      {
        brokers: [`127.0.0.1:${port}`],
        auth: 'none',
        region: 'us-east-1',
        clientId: 'test',
        logSink: ({ message }) => messages.push(message),
      },
      limits,
    );
    const failed = expect(client.kafka.admin().connect()).rejects.toThrow();
    const socket = await firstSocket;
    socket.resume();
    const ended = once(socket, 'close');
    client.cut();
    await ended;
    await failed;
    await expect(client.kafka.admin().connect()).rejects.toThrow('given up');
    close();
    expect(messages).toEqual([]);
  });

  it('sends what kafkajs has to say to the sink, and nothing to the console', async () => {
    const messages: string[] = [];
    const client = kafkaClient(
      {
        brokers: ['127.0.0.1:1'],
        auth: 'none',
        region: 'us-east-1',
        clientId: 'test',
        logSink: ({ level, message }) => messages.push(`${level} ${message}`),
      },
      limits,
    );
    await expect(client.kafka.admin().connect()).rejects.toThrow();
    expect(messages).toContain('error [Connection] Connection error: connect ECONNREFUSED 127.0.0.1:1');
  });

  it('tries again after the same wait each time', async () => {
    const [retries, retryWaitMs] = [8, 60];
    const atMs: number[] = [];
    const server = createServer((socket) => {
      atMs.push(performance.now());
      socket.resetAndDestroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const connection = { brokers: [`127.0.0.1:${port}`], auth: 'none' as const, region: 'us-east-1', clientId: 'test' };
    const client = kafkaClient(connection, { ...limits, retries, retryWaitMs });
    await expect(client.kafka.admin().connect()).rejects.toThrow();
    client.cut();
    server.close();

    expect(atMs).toHaveLength(1 + retries);
    const gapsMs = atMs.slice(1).map((at, index) => at - atMs[index]!);
    // A timer may be a moment early. Waits that grow by half each time would come to 49 times the first; a busy machine may be late with each.
    expect(Math.min(...gapsMs)).toBeGreaterThan(retryWaitMs * 0.9);
    expect(atMs.at(-1)! - atMs[0]!).toBeLessThan(retryWaitMs * 45);
  });
});
