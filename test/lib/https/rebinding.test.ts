import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { guardedConnector } from '#lib/https/guarded-connector.ts';
import { dnsResolveHost } from '#lib/https/resolve-host.ts';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { startNameServer, type NameServer } from '../../support/name-server.ts';
import { ok, startRawSubscriber, type RawSubscriber } from './raw-subscriber.ts';

interface RebindingName {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly source: string;
}
const names = JSON.parse(
  readFileSync(new URL('../../fixtures/addresses/rebinding-names.json', import.meta.url), 'utf8'),
) as readonly RebindingName[];

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function nameServer(...given: Parameters<typeof startNameServer>): Promise<NameServer> {
  const server = await startNameServer(...given);
  open.push(server);
  return server;
}

async function subscriber(): Promise<RawSubscriber> {
  const server = await startRawSubscriber(({ socket }) => socket.write(ok));
  open.push(server);
  return server;
}

function connect(server: NameServer, target: { name: string; port: number; allowLoopback: boolean }): Promise<string> {
  const connector = guardedConnector({ allowLoopback: target.allowLoopback, resolve: dnsResolveHost([server.address]) });
  return new Promise((resolve) => {
    connector({ hostname: target.name, protocol: 'http:', port: String(target.port) }, (error, socket) => {
      resolve(error === null ? `connected to ${socket?.remoteAddress ?? '?'}` : error.name);
      socket?.destroy();
    });
  });
}

describe('a name', () => {
  it.each(names)('$name is refused for where it leads ($source)', async ({ name, addresses }) => {
    const server = await nameServer(() => addresses);
    expect(await connect(server, { name, port: 443, allowLoopback: false })).toBe('AddressRefused');
    expect(server.questions.toSorted()).toEqual([`A ${name}`, `AAAA ${name}`]);
  });

  it('that leads to a private address by way of another name is refused', async () => {
    const server = await nameServer(() => ['10.0.0.1'], { alias: 'inside.example.net' });
    expect(await connect(server, { name: 'alias.example.com', port: 443, allowLoopback: false })).toBe('AddressRefused');
  });

  it('that leads to this machine is not connected to', async () => {
    const { port, connections } = await subscriber();
    const server = await nameServer(() => ['127.0.0.1']);
    expect(await connect(server, { name: 'rebind.example.com', port, allowLoopback: false })).toBe('AddressRefused');
    expect(connections()).toBe(0);
  });

  it('that leads nowhere is no address', async () => {
    const server = await nameServer(() => []);
    expect(await connect(server, { name: 'nowhere.example.com', port: 443, allowLoopback: false })).toBe('NameNotResolved');
  });
});

describe('a name that changes', () => {
  /** Allowed the first time it is asked for, and a private address ever after. */
  async function rebinding(): Promise<NameServer> {
    const seen = new Set<string>();
    return nameServer((_, type) => {
      const isFirst = !seen.has(type);
      seen.add(type);
      return isFirst ? ['127.0.0.1'] : ['10.0.0.1'];
    });
  }

  it('is asked for once for a connection, which goes to the address that was checked', async () => {
    const { port, connections } = await subscriber();
    const server = await rebinding();
    const target = { name: 'rebind.example.com', port, allowLoopback: true };
    expect(await connect(server, target)).toBe('connected to 127.0.0.1');
    expect(server.questions).toHaveLength(2);
    expect(connections()).toBe(1);
  });

  it('is checked anew for the next connection', async () => {
    const { port, connections } = await subscriber();
    const server = await rebinding();
    const target = { name: 'rebind.example.com', port, allowLoopback: true };
    await connect(server, target);
    expect(await connect(server, target)).toBe('AddressRefused');
    expect(connections()).toBe(1);
  });
});

describe('the sender', () => {
  it('says that the address is refused, and has not knocked there', async () => {
    const { port, connections } = await subscriber();
    const server = await nameServer(() => ['8.8.8.8', '127.0.0.1']);
    const sender = httpsWebhookSender({
      allowLoopback: false,
      now: () => new Date(),
      monotonicMs: () => performance.now(),
      resolve: dnsResolveHost([server.address]),
    });
    const url = `https://rebind.example.com:${port}/hook`;
    const answer = await sender.send({ url, headers: {}, body: Buffer.from('{}'), timeoutMs: 5_000 });
    sender.close();
    expect(answer).toMatchObject({ kind: 'failed', error: 'address-refused' });
    expect(connections()).toBe(0);
  });
});
