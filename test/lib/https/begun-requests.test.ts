import { connect, createServer, type AddressInfo } from 'node:net';
import { setDefaultCACertificates, getCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { ResolveHost } from '#lib/https/resolve-host.ts';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { certificate, ok, startRawSubscriber, type RawRequest, type RawSubscriber } from './raw-subscriber.ts';

const opened: { close(): unknown }[] = [];
const known = getCACertificates('default');
afterEach(async () => {
  setDefaultCACertificates(known);
  for (const each of opened.splice(0)) await each.close();
});
const keep = <T extends { close(): unknown }>(thing: T): T => {
  opened.push(thing);
  return thing;
};
const resolve: ResolveHost = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
const sender = (given: { resolve?: ResolveHost; allowLoopback?: boolean } = {}) =>
  keep(httpsWebhookSender({ allowLoopback: true, now: () => new Date(), monotonicMs: () => performance.now(), ...given }));
const subscriber = async (...given: Parameters<typeof startRawSubscriber>): Promise<RawSubscriber> =>
  keep(await startRawSubscriber(...given));
const urlOf = ({ port }: { port: number }) => `http://127.0.0.1:${port}/hook`;
const post = (url: string, timeoutMs = 5_000, headers = {}) => ({ url, timeoutMs, headers, body: Buffer.from('{"active":false}') });

describe('a request that the receiver had on a kept connection, which was then cut off,', () => {
  it('may have arrived although the second try was refused', async () => {
    let one = 0;
    const target = await startRawSubscriber(({ socket }) => {
      one += 1;
      if (one === 1) return void socket.write(ok);
      socket.resetAndDestroy();
      void target.close();
    });
    const sending = sender();
    expect(await sending.send(post(urlOf(target)))).toMatchObject({ status: 200, mayHaveArrived: false });
    expect(await sending.send(post(urlOf(target)))).toMatchObject({ error: 'connection-refused', mayHaveArrived: true });
    expect(target.requests).toHaveLength(2);
  });

  it.each([503, 409, 204])('may have arrived although the second try was answered %i', async (code) => {
    const answer = ({ number, socket }: RawRequest): void => {
      if (number === 2) socket.resetAndDestroy();
      else socket.write(number === 1 ? ok : `HTTP/1.1 ${code} X\r\ncontent-length: 0\r\n\r\n`);
    };
    const target = await subscriber(answer);
    const sending = sender();
    await sending.send(post(urlOf(target)));
    expect(await sending.send(post(urlOf(target)))).toMatchObject({ status: code, mayHaveArrived: true });
  });
});

describe('a request that went out on an open connection may have arrived', () => {
  // Far longer than any of it takes, but where nothing else ends it: then as short as a busy machine needs to get the request out.
  it.each<[string, string, (request: RawRequest) => void, number?]>([
    ['cut off', 'connection-reset', ({ socket }) => void socket.resetAndDestroy()],
    ['closed', 'connection-reset', ({ socket }) => void socket.end()],
    ['silent', 'timeout', () => undefined, 2_000],
    ['answered by what is no HTTP', 'invalid-response', ({ socket }) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n')],
  ])('when it was %s', async (_, error, answer, timeoutMs) => {
    expect(await sender().send(post(urlOf(await subscriber(answer)), timeoutMs))).toMatchObject({ error, mayHaveArrived: true });
  });

  it('when its TLS broke after the request was read', async () => {
    setDefaultCACertificates([...known, certificate]);
    const spoilt: (() => void)[] = [];
    const target = await subscriber(() => spoilt[0]?.(), { tls: {} });
    const between = createServer((socket) => {
      const behind = connect(target.port, '127.0.0.1');
      spoilt.push(() => {
        behind.unpipe(socket);
        socket.write('no record of TLS at all');
      });
      // The sender ends the connection on purpose; what this end makes of it is not under test.
      for (const end of [socket, behind]) end.on('error', () => undefined).on('close', () => (socket.destroy(), behind.destroy()));
      socket.pipe(behind).pipe(socket);
    });
    keep(between);
    await new Promise<void>((done) => between.listen(0, '127.0.0.1', done));
    const { port } = between.address() as AddressInfo;
    const answer = await sender({ resolve }).send(post(`https://hooks.example.com:${port}/hook`));
    expect([target.requests.length, answer]).toMatchObject([1, { error: 'tls', mayHaveArrived: true }]);
  });
});

describe('a request that was never begun has not arrived', () => {
  const unsent = { kind: 'failed', mayHaveArrived: false };

  it('when nobody listens', async () => {
    const target = await startRawSubscriber(() => undefined);
    await target.close();
    expect(await sender().send(post(urlOf(target)))).toMatchObject({ ...unsent, error: 'connection-refused' });
  });

  it('when its URL, its name or its address is refused', async () => {
    expect(await sender().send(post('https://10.0.0.1/'))).toMatchObject({ ...unsent, error: 'address-refused' });
    const nowhere = sender({ resolve: () => Promise.resolve([]) });
    expect(await nowhere.send(post('https://hooks.example.com/'))).toMatchObject({ ...unsent, error: 'dns' });
    const inside = sender({ resolve, allowLoopback: false });
    expect(await inside.send(post('https://hooks.example.com/'))).toMatchObject({ ...unsent, error: 'address-refused' });
  });

  it('when TLS never came about, be it refused or never answered', async () => {
    const untrusted = await subscriber(({ socket }) => void socket.write(ok), { tls: {} });
    const url = ({ port }: RawSubscriber) => `https://hooks.example.com:${port}/hook`;
    expect(await sender({ resolve }).send(post(url(untrusted)))).toMatchObject({ ...unsent, error: 'tls' });
    const silent = await subscriber(() => undefined, { onConnection: () => undefined });
    expect(await sender({ resolve }).send(post(url(silent), 200))).toMatchObject({ ...unsent, error: 'timeout' });
  });

  it('when Node refuses to write it', async () => {
    const target = await subscriber(({ socket }) => void socket.write(ok));
    expect(await sender().send(post(urlOf(target), 5_000, { 'webhook-id': 'a\nb' }))).toMatchObject(unsent);
    expect(target.requests).toEqual([]);
  });
});
