import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server on loopback that can be cut: connections are then reset, those there are and new ones. Or nothing more is said on them. */
export interface CutOff {
  readonly url: string;
  cut(): void;
  /** Connections are taken as before, and nothing passes. Those there were are reset when it is over. */
  silence(): void;
  restore(): void;
  stop(): Promise<void>;
}

export async function startCutOff(targetUrl: string): Promise<CutOff> {
  const targetPort = Number(new URL(targetUrl).port);
  const clients = new Set<Socket>();
  let state: 'open' | 'cut' | 'silent' = 'open';
  const server = createServer((client) => {
    // The other side is told by the reset itself.
    client.on('error', () => undefined);
    if (state === 'cut') return void client.resetAndDestroy();
    clients.add(client);
    client.on('close', () => clients.delete(client));
    if (state === 'silent') return void client.resume();
    const target = connect(targetPort, '127.0.0.1');
    target.on('error', () => client.resetAndDestroy());
    target.on('close', () => client.destroy());
    client.on('close', () => target.destroy());
    client.on('data', (chunk: Buffer) => state === 'silent' || target.write(chunk));
    target.on('data', (chunk: Buffer) => state === 'silent' || client.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reset = (): void => {
    for (const client of clients) client.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      state = 'cut';
      reset();
    },
    silence() {
      state = 'silent';
    },
    restore() {
      if (state === 'silent') reset();
      state = 'open';
    },
    async stop() {
      reset();
      server.close();
      await once(server, 'close');
    },
  };
}
