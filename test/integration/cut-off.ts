import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server on loopback that can be cut: connections are then reset, those there are and new ones. */
export interface CutOff {
  readonly url: string;
  cut(): void;
  restore(): void;
  stop(): Promise<void>;
}

export async function startCutOff(targetUrl: string): Promise<CutOff> {
  const targetPort = Number(new URL(targetUrl).port);
  const clients = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    // The other side is told by the reset itself.
    client.on('error', () => undefined);
    if (isCut) return void client.resetAndDestroy();
    clients.add(client);
    const target = connect(targetPort, '127.0.0.1');
    target.on('error', () => client.resetAndDestroy());
    target.on('close', () => client.destroy());
    client.on('close', () => {
      clients.delete(client);
      target.destroy();
    });
    client.pipe(target).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reset = (): void => {
    for (const client of clients) client.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      reset();
    },
    restore() {
      isCut = false;
    },
    async stop() {
      reset();
      server.close();
      await once(server, 'close');
    },
  };
}
