import { setDefaultCACertificates, getCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebhookAnswer } from '#lib/webhooks/webhook-sender.ts';
import type { ResolveHost } from '#lib/https/resolve-host.ts';
import { restMsOf } from '#lib/https/idle-socket.ts';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { certificate, ok, startRawSubscriber, type RawRequest, type RawSubscriber } from './raw-subscriber.ts';

const now = () => new Date();
const monotonicMs = () => performance.now();
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

function keep<T extends { close(): unknown }>(thing: T): T {
  opened.push(thing);
  return thing;
}
const sender = (given: { allowLoopback?: boolean; resolve?: ResolveHost; now?: () => Date } = {}) =>
  keep(httpsWebhookSender({ allowLoopback: true, now, monotonicMs, ...given }));
const subscriber = async (...given: Parameters<typeof startRawSubscriber>): Promise<RawSubscriber> =>
  keep(await startRawSubscriber(...given));
const answering = (text: string) => (request: RawRequest) => void request.socket.write(text);
const post = (url: string, timeoutMs = 5_000) => ({
  url,
  timeoutMs,
  headers: { 'content-type': 'application/cloudevents+json', 'webhook-id': 'a' },
  body: Buffer.from('{"name":"Žofie"}'),
});
const urlOf = ({ port }: RawSubscriber) => `http://127.0.0.1:${port}/hook?team=a`;
const status = (answer: WebhookAnswer) => (answer.kind === 'answered' ? answer.status : answer.error);
/** Sends one webhook to a subscriber that answers in one way. */
async function sendTo(
  answer: (request: RawRequest) => void,
  timeoutMs?: number,
): Promise<{ answer: WebhookAnswer; subscriber: RawSubscriber }> {
  const target = await subscriber(answer);
  return { answer: await sender().send(post(urlOf(target), timeoutMs)), subscriber: target };
}

describe('sending a webhook', () => {
  it('posts the bytes with the headers given, to path and query', async () => {
    const { answer, subscriber: target } = await sendTo(answering(ok));
    const latencyMs = expect.any(Number) as number;
    expect(answer).toEqual({ kind: 'answered', status: 200, retryAfter: null, latencyMs, mayHaveArrived: false, excerpt: 'ok' });
    const [request] = target.requests;
    expect(request?.head.split('\r\n')[0]).toBe('POST /hook?team=a HTTP/1.1');
    expect(request?.head).toContain('content-type: application/cloudevents+json');
    expect(request?.head).toContain(`host: 127.0.0.1:${target.port}`);
    expect(request?.body).toBe('{"name":"Žofie"}');
  });

  it('keeps the connection for the next one to the same origin', async () => {
    const target = await subscriber(answering(ok));
    const one = sender();
    for (let turn = 0; turn < 5; turn += 1) expect(status(await one.send(post(urlOf(target))))).toBe(200);
    expect([target.connections(), target.requests.length]).toEqual([1, 5]);
  });

  it('opens a connection for each of several at a time', async () => {
    const target = await subscriber(({ socket }) => setImmediate(() => socket.write(ok)));
    const one = sender();
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.send(post(urlOf(target)))));
    expect(answers.map(status)).toEqual(Array(10).fill(200));
    expect(target.requests.map(({ onConnection }) => onConnection)).toEqual(Array(10).fill(1));
  });

  it('takes any final status for what it is, with Retry-After', async () => {
    for (const code of [204, 400, 404, 410, 429, 500, 503, 599]) {
      const { answer } = await sendTo(answering(`HTTP/1.1 ${code} X\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n`));
      expect(answer).toMatchObject({ kind: 'answered', status: code, retryAfter: '120' });
    }
  });

  it('follows no redirect', async () => {
    const elsewhere = await subscriber(answering(ok));
    const { answer, subscriber: target } = await sendTo(
      answering(`HTTP/1.1 302 Found\r\nlocation: ${urlOf(elsewhere)}\r\ncontent-length: 0\r\n\r\n`),
    );
    expect(status(answer)).toBe(302);
    expect([target.requests.length, elsewhere.connections()]).toEqual([1, 0]);
  });
});

describe('a connection that died while it was idle', () => {
  /** Answers the first request of each connection and cuts the second one off. */
  const dyingAfterOne = ({ onConnection, socket }: RawRequest): void =>
    void (onConnection === 1 ? socket.write(ok) : socket.resetAndDestroy());

  it('is replaced at once, within the same attempt', async () => {
    const target = await subscriber(dyingAfterOne);
    const one = sender();
    expect(status(await one.send(post(urlOf(target))))).toBe(200);
    expect(status(await one.send(post(urlOf(target))))).toBe(200);
    expect(target.requests.map(({ onConnection }) => onConnection)).toEqual([1, 2, 1]);
  });

  it('is replaced for each of several at a time, by a new one and not by another that died', async () => {
    const target = await subscriber(dyingAfterOne);
    const one = sender();
    const four = () => Promise.all(Array.from({ length: 4 }, () => one.send(post(urlOf(target)))));
    await four();
    // One at a time leaves three dead ones to choose from; four at a time leave none.
    expect(status(await one.send(post(urlOf(target))))).toBe(200);
    expect((await four()).map(status)).toEqual([200, 200, 200, 200]);
    expect(target.requests).toHaveLength(4 + 2 + 8);
  });

  it('is replaced once: a second cut is the attempt’s failure', async () => {
    const target = await subscriber(({ number, socket }) => void (number === 1 ? socket.write(ok) : socket.resetAndDestroy()));
    const one = sender();
    await one.send(post(urlOf(target)));
    expect(status(await one.send(post(urlOf(target))))).toBe('connection-reset');
    expect(target.requests).toHaveLength(3);
  });

  it('is not replaced once an answer has begun', async () => {
    const target = await subscriber(({ number, socket }) => void (number === 1 ? socket.write(ok) : socket.end('HTTP/1.1 20')));
    const one = sender();
    await one.send(post(urlOf(target)));
    expect(status(await one.send(post(urlOf(target))))).toBe('connection-reset');
    expect(target.requests).toHaveLength(2);
  });

  it('is not replaced after silence: the time of the attempt is used up', async () => {
    const target = await subscriber(({ number, socket }) => void (number === 1 && socket.write(ok)));
    const one = sender();
    await one.send(post(urlOf(target)));
    // Time enough for the request to be read on a busy machine.
    expect(status(await one.send(post(urlOf(target), 1_000)))).toBe('timeout');
    expect(target.requests).toHaveLength(2);
  });

  it('is told from a new one that was cut off, which is not tried again', async () => {
    const { answer, subscriber: target } = await sendTo(({ socket }) => void socket.resetAndDestroy());
    expect(status(answer)).toBe('connection-reset');
    expect(target.requests).toHaveLength(1);
  });

  it('is not used at all after a minute, when a frozen environment may have missed its end', async () => {
    let clock = 0;
    const target = await subscriber(answering(ok));
    const one = sender({ now: () => new Date(clock) });
    await one.send(post(urlOf(target)));
    clock = 60_000;
    await one.send(post(urlOf(target)));
    clock = 120_001;
    await one.send(post(urlOf(target)));
    expect(target.requests.map(({ onConnection }) => onConnection)).toEqual([1, 2, 1]);
  });
});

describe('a connection that is kept', () => {
  /** Sends twice, the second time when the first connection has ended on both sides, and answers which request of its connection each was. */
  async function twice(answer: (request: RawRequest) => void): Promise<number[]> {
    const ended = Promise.withResolvers<undefined>();
    const target = await subscriber((request) => {
      if (request.number === 1) request.socket.once('close', () => ended.resolve(undefined));
      answer(request);
    });
    const one = sender();
    expect(status(await one.send(post(urlOf(target))))).toBe(200);
    await ended.promise;
    expect(status(await one.send(post(urlOf(target))))).toBe(200);
    return target.requests.map(({ onConnection }) => onConnection);
  }

  it('is not used again once the subscriber has closed it', async () => {
    expect(await twice(({ socket }) => void socket.end(ok))).toEqual([1, 1]);
    expect(await twice(({ socket }) => void socket.write(ok.replace('\r\n', '\r\nconnection: close\r\n')))).toEqual([1, 1]);
  });

  it('is closed when the subscriber says on it what nobody asked for', async () => {
    const unasked = 'HTTP/1.1 500 Poison\r\ncontent-length: 0\r\n\r\n';
    expect(
      await twice(({ number, socket }) => {
        socket.write(ok);
        if (number === 1) setTimeout(() => socket.write(unasked), 10);
      }),
    ).toEqual([1, 1]);
    // In one packet with the answer.
    expect(await twice(({ number, socket }) => void socket.write(number === 1 ? ok + unasked : ok))).toEqual([1, 1]);
  });

  it.each([
    [undefined, 10_000],
    ['timeout=5', 3_000],
    ['timeout=30, max=100', 28_000],
    ['max=100; timeout=30', 28_000],
    ['timeout=9999999', 60_000],
    ['timeout=2', 0],
    ['timeout=0', 0],
    ['timeout=soon', 10_000],
  ])('with keep-alive: %s rests for %i ms', (hint, expected) => {
    expect(restMsOf({ headers: hint === undefined ? {} : { 'keep-alive': hint } })).toBe(expected);
  });
});

/** Of the five seconds that the time of an attempt, or what drips byte by byte, would take to its end; the rest is for a machine that is busy. */
const wellBeforeMs = 4_000;

describe('a subscriber that misbehaves', () => {
  it.each<[string, string, (request: RawRequest) => void]>([
    ['says nothing', 'timeout', () => undefined],
    ['sends its header byte by byte', 'timeout', ({ socket }) => trickle(socket, 'HTTP/1.1 200 OK\r\nx: ' + 'y'.repeat(1_000))],
    [
      'sends header lines without end',
      'invalid-response',
      ({ socket }) => void socket.write('HTTP/1.1 200 OK\r\n' + 'x-filler: 0123456789012345678901234567890123456789\r\n'.repeat(1_000)),
    ],
    [
      'sends one header of 64 KiB',
      'invalid-response',
      ({ socket }) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(65_536)}\r\n\r\n`),
    ],
    [
      'sends interim answers without end',
      'invalid-response',
      ({ socket }) => void socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(5_000)),
    ],
    [
      'switches protocols',
      'invalid-response',
      answering('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
    ],
    ['does not speak HTTP', 'invalid-response', answering('SSH-2.0-OpenSSH_9.2\r\n')],
    ['sends a status that is none', 'invalid-response', answering('HTTP/1.1 banana\r\n\r\n')],
    ['closes without an answer', 'connection-reset', ({ socket }) => void socket.end()],
    ['cuts the connection', 'connection-reset', ({ socket }) => void socket.resetAndDestroy()],
  ])('and %s is answered with %s in time', async (_, expected, answer) => {
    const startedAt = performance.now();
    // A short time for those that use it up; the others are known for what they are at once, which a busy machine may take a while for.
    expect(status((await sendTo(answer, expected === 'timeout' ? 400 : 5_000)).answer)).toBe(expected);
    expect(performance.now() - startedAt).toBeLessThan(wellBeforeMs);
  });

  it.each<[string, (request: RawRequest) => void]>([
    ['an interim answer first', answering(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}`)],
    ['half a body and then silence', answering('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')],
    [
      'half a body and then a cut',
      ({ socket }) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf', () => socket.resetAndDestroy()),
    ],
    ['a body that breaks HTTP', answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzzzz\r\n')],
    ['a body byte by byte', ({ socket }) => trickle(socket, `HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${'y'.repeat(1_000)}`)],
    ['a second answer nobody asked for', answering(ok + ok)],
  ])('still answered 200 when there is %s', async (_, answer) => {
    const startedAt = performance.now();
    expect(status((await sendTo(answer, 5_000)).answer)).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(wellBeforeMs);
  });

  it('does not make the next one wait for, or read, the rest of a body', async () => {
    const target = await subscriber(
      ({ number, socket }) => void socket.write(number === 1 ? 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf' : ok),
    );
    const one = sender();
    const first = await one.send(post(urlOf(target)));
    expect(first).toMatchObject({ kind: 'answered', status: 200 });
    expect(first.latencyMs).toBeLessThan(wellBeforeMs);
    expect(status(await one.send(post(urlOf(target))))).toBe(200);
    expect(target.requests.map(({ onConnection }) => onConnection)).toEqual([1, 1]);
  });

  it('sends an endless body and little of it is taken', async () => {
    let written = 0;
    const { answer } = await sendTo(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `4000\r\n${'y'.repeat(0x4000)}\r\n`;
      const more = (): void => {
        if (socket.destroyed) return;
        written += chunk.length;
        socket.write(chunk, more);
      };
      more();
    });
    expect(status(answer)).toBe(200);
    // Socket buffers on both sides fill before the sender hangs up; it reads 16 KiB.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('where a webhook may go', () => {
  const nowhere = 'https://hooks.example.com/hook';

  it.each([
    ['a private address', ['10.0.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['loopback, outside local mode', ['127.0.0.1']],
    ['a public and a private address', ['8.8.8.8', '10.0.0.1']],
    ['loopback in IPv6', ['2606:4700::1111', '::1']],
  ])('a name that resolves to %s is refused', async (_, addresses) => {
    const resolve: ResolveHost = (hostname) => {
      expect(hostname).toBe('hooks.example.com');
      return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    };
    expect(await sender({ allowLoopback: false, resolve }).send(post(nowhere))).toMatchObject({ kind: 'failed', error: 'address-refused' });
  });

  it.each(['https://10.0.0.1/', 'https://[::1]/', 'https://2130706433/', 'http://127.0.0.1:1/', 'https://localhost/', 'not a url'])(
    '%s is refused without a look-up',
    async (url) => {
      const resolve: ResolveHost = () => Promise.reject(new Error('looked up'));
      expect(await sender({ allowLoopback: false, resolve }).send(post(url))).toMatchObject({ kind: 'failed', error: 'address-refused' });
    },
  );

  it('a name is looked up once per connection, and the address that was checked is the one connected to', async () => {
    const checked = await subscriber(() => undefined, { tls: {} });
    const other = await subscriber(() => undefined, { tls: {} });
    const answers = ['127.0.0.1', '127.0.0.2'];
    const resolve: ResolveHost = () => Promise.resolve([{ address: answers.shift() ?? '10.0.0.1', family: 4 }]);
    expect(status(await sender({ resolve }).send(post(`https://hooks.example.com:${checked.port}/`)))).toBe('tls');
    expect([checked.requests.length, other.connections(), answers]).toEqual([0, 0, ['127.0.0.2']]);
  });

  it('a name without an address is a DNS failure', async () => {
    expect(status(await sender({ resolve: () => Promise.resolve([]) }).send(post(nowhere)))).toBe('dns');
    expect(status(await sender({ resolve: () => Promise.reject(new Error('SERVFAIL')) }).send(post(nowhere)))).toBe('dns');
  });

  it('a name server that stays silent uses up the time of the attempt and no more', async () => {
    const startedAt = performance.now();
    expect(status(await sender({ resolve: () => new Promise(() => undefined) }).send(post(nowhere, 200)))).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(wellBeforeMs);
  });

  it('a port where nobody listens refuses the connection', async () => {
    const target = await startRawSubscriber(() => undefined);
    await target.close();
    expect(status(await sender().send(post(urlOf(target))))).toBe('connection-refused');
    expect(status(await sender().send(post(`http://localhost:${target.port}/`)))).toBe('connection-refused');
  });
});

describe('TLS', () => {
  const resolve: ResolveHost = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  const known = getCACertificates('default');
  afterEach(() => setDefaultCACertificates(known));
  const trusting = (): void => setDefaultCACertificates([...known, certificate]);
  const urlFor = (host: string, { port }: RawSubscriber) => `https://${host}:${port}/hook`;

  it('with a certificate of a known authority for the name is fine', async () => {
    trusting();
    const target = await subscriber(answering(ok), { tls: {} });
    const one = sender({ resolve });
    expect(status(await one.send(post(urlFor('hooks.example.com', target))))).toBe(200);
    expect(status(await one.send(post(urlFor('hooks.example.com', target))))).toBe(200);
    expect(target.connections()).toBe(1);
  });

  it('with a connection that died idle is replaced as well', async () => {
    trusting();
    const target = await subscriber(({ onConnection, socket }) => void (onConnection === 1 ? socket.write(ok) : socket.destroy()), {
      tls: {},
    });
    const one = sender({ resolve });
    expect(status(await one.send(post(urlFor('hooks.example.com', target))))).toBe(200);
    expect(status(await one.send(post(urlFor('hooks.example.com', target))))).toBe(200);
    expect(target.requests).toHaveLength(3);
  });

  it.each<[string, string, boolean, Parameters<typeof startRawSubscriber>[1]]>([
    ['a self-signed certificate', 'hooks.example.com', false, { tls: {} }],
    ['a certificate for another name', 'other.example.com', true, { tls: {} }],
    ['TLS 1.1', 'hooks.example.com', true, { tls: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } }],
    ['no TLS at all', 'hooks.example.com', true, { onConnection: (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n') }],
  ])('is refused with %s', async (_, host, trusted, options) => {
    if (trusted) trusting();
    const target = await subscriber(answering(ok), options);
    expect(status(await sender({ resolve }).send(post(urlFor(host, target))))).toBe('tls');
    expect(target.requests).toHaveLength(0);
  });

  it('that is never begun uses up the time of the attempt and no more', async () => {
    const target = await subscriber(() => undefined, { onConnection: () => undefined });
    const startedAt = performance.now();
    expect(status(await sender({ resolve }).send(post(urlFor('hooks.example.com', target), 300)))).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(wellBeforeMs);
  });
});

/** Writes one byte every five milliseconds until the other side has had enough. */
function trickle(socket: RawRequest['socket'], text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= text.length) return clearInterval(timer);
    socket.write(text.slice(at, ++at));
  }, 5);
}
