import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';

export interface Dynalite {
  readonly url: string;
  stop(): Promise<void>;
}

/** Longer than any pause between two calls of a relay at work, so that the server is not the one to close a kept connection under a request. */
const keepAliveMs = 120_000;

/** DynamoDB on 127.0.0.1. With `dataDir`, what it holds survives `kill -9`. */
export async function startDynalite(options: { port?: number; dataDir?: string | undefined }): Promise<Dynalite> {
  if (options.dataDir !== undefined) mkdirSync(options.dataDir, { recursive: true });
  const server = dynalite({ createTableMs: 0, ...(options.dataDir === undefined ? {} : { path: options.dataDir }) });
  server.keepAliveTimeout = keepAliveMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
