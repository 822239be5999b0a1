import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { AnswerExcerpt } from '#lib/https/answer-excerpt.ts';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { ok, startRawSubscriber, type RawRequest } from './raw-subscriber.ts';

const json = { 'content-type': 'application/json' };

function excerptOf(headers: ConstructorParameters<typeof AnswerExcerpt>[0], ...chunks: readonly (string | Buffer)[]): string | undefined {
  const excerpt = new AnswerExcerpt(headers);
  for (const chunk of chunks) excerpt.add(Buffer.from(chunk));
  return excerpt.text();
}

describe('the excerpt of an answer', () => {
  it.each([
    ['text as it is', 'no such badge: Žofie 😀', 'no such badge: Žofie 😀'],
    ['control characters escaped', 'a\r\n\tb\u0007\u001b[31mred\u007f\u0085', 'a\\r\\n\\tb\\u0007\\u001b[31mred\\u007f\\u0085'],
    ['what hides or turns text around, escaped', 'a\u202eb\u200bc\u2028d\u{e0041}', 'a\\u202eb\\u200bc\\u2028d\\u{e0041}'],
    ['bytes that are no UTF-8 replaced', Buffer.from([0x47, 0x72, 0xf6, 0xdf, 0x65]), 'Gr\ufffd\ufffde'],
    ['markup as text', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ])('holds %s', (_, body, expected) => {
    expect(excerptOf({ 'content-type': 'text/plain' }, body)).toBe(expected);
  });

  it('has 256 characters at most, and ends with a whole character and a whole escape', () => {
    expect(excerptOf(json, 'x'.repeat(5_000))).toBe('x'.repeat(256));
    expect(excerptOf(json, `${'x'.repeat(255)}😀`)).toBe('x'.repeat(255));
    expect(excerptOf(json, `${'x'.repeat(251)}\u0007`)).toBe('x'.repeat(251));
    expect(excerptOf(json, '\u0007'.repeat(1_000))).toBe('\\u0007'.repeat(42));
  });

  it('puts a character together that came in two pieces, and leaves out one that was cut in two', () => {
    const [first, second] = [Buffer.from('Žofie').subarray(0, 1), Buffer.from('Žofie').subarray(1)];
    expect(excerptOf(json, first, second)).toBe('Žofie');
    expect(excerptOf(json, 'abc', first)).toBe('abc');
  });

  it('is of a kilobyte, whatever comes', () => {
    // 1,020 bytes of invisible marks take up the escape's room; what comes after the first kilobyte is not looked at.
    expect(excerptOf(json, '\ufeff'.repeat(342), 'the end')).not.toContain('end');
  });

  it.each([
    'application/json; charset=utf-8',
    'application/problem+json',
    'Text/HTML',
    'text/plain',
    'application/xml',
    'application/soap+xml',
    'application/x-www-form-urlencoded',
  ])('is taken of %s', (type) => {
    expect(excerptOf({ 'content-type': type }, 'no')).toBe('no');
  });

  it.each(['image/png', 'application/octet-stream', 'application/gzip', 'application/jsonp', 'multipart/form-data', 'nonsense'])(
    'is not taken of %s',
    (type) => {
      expect(excerptOf({ 'content-type': type }, 'no')).toBeUndefined();
    },
  );

  it('is taken of what says nothing of itself, unless it is no text', () => {
    expect(excerptOf({}, 'no')).toBe('no');
    expect(excerptOf({ 'content-encoding': 'identity' }, 'no')).toBe('no');
    expect(excerptOf({}, gzipSync('no'.repeat(100)))).toBeUndefined();
    expect(excerptOf({}, Buffer.from([0x80, 0x81, 0x82, 0x41, 0x42]))).toBeUndefined();
    expect(excerptOf(json, 'a\u0000b')).toBeUndefined();
  });

  it.each(['gzip', 'br', 'identity, gzip', 'x'])('is not taken of a body in %s', (encoding) => {
    expect(excerptOf({ ...json, 'content-encoding': encoding }, 'no')).toBeUndefined();
  });

  it('is none of an empty body', () => {
    expect(excerptOf(json)).toBeUndefined();
    expect(excerptOf(json, '')).toBeUndefined();
  });
});

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** Sends one webhook to a subscriber that answers in one way. */
async function answerOf(answer: (request: RawRequest) => void) {
  const subscriber = await startRawSubscriber(answer);
  const sender = httpsWebhookSender({ allowLoopback: true, now: () => new Date(), monotonicMs: () => performance.now() });
  opened.push(sender, subscriber);
  const body = Buffer.from('{}');
  return sender.send({ url: `http://127.0.0.1:${subscriber.port}/`, headers: {}, body, timeoutMs: 5_000 });
}
const head = (length: number, status = '422 Unprocessable Content') =>
  `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n`;
const refused = { kind: 'answered', status: 422 };

describe('the answer of a subscriber', () => {
  it('comes with the beginning of its body', async () => {
    expect(await answerOf(({ socket }) => void socket.write(`${head(9)}no badge\n`))).toMatchObject({ ...refused, excerpt: 'no badge\\n' });
    expect(await answerOf(({ socket }) => void socket.write(ok))).toMatchObject({ status: 200, excerpt: 'ok' });
  });

  it('has no excerpt without a body', async () => {
    expect(await answerOf(({ socket }) => void socket.write(head(0)))).not.toHaveProperty('excerpt');
    expect(await answerOf(({ socket }) => void socket.write('HTTP/1.1 204 No Content\r\n\r\n'))).not.toHaveProperty('excerpt');
  });

  it('comes with what arrived in the first moment of a body that is slow, and not with the rest', async () => {
    const startedAt = performance.now();
    const answer = await answerOf(({ socket }) => {
      socket.write(`${head(1_000)}early`);
      setTimeout(() => socket.write(' late'), 2_500).unref();
    });
    expect(answer).toMatchObject({ ...refused, excerpt: 'early' });
    // Of the five seconds that the attempt has; the rest is for a machine that is busy.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it('comes with a few of the bytes that trickle in', async () => {
    const answer = await answerOf(({ socket }) => {
      socket.write(head(100_000));
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write('y')), 10);
    });
    expect(answer).toMatchObject(refused);
    const { excerpt = '' } = answer as { excerpt?: string };
    expect(excerpt).toMatch(/^y+$/);
    // 200 ms of one byte each 10 ms, and some for the timers of a machine that is busy.
    expect(excerpt.length).toBeLessThan(60);
  });

  it('comes with the beginning of a body that was reset in the middle', async () => {
    const answer = await answerOf(
      ({ socket }) => void socket.write(`${head(1_000)}half`, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    );
    expect(answer).toMatchObject({ ...refused, excerpt: 'half' });
  });

  it('comes with the beginning of a body that breaks HTTP', async () => {
    const answer = await answerOf(({ socket }) => {
      socket.write('HTTP/1.1 422 X\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      setTimeout(() => socket.write('zzzz\r\n'), 20);
    });
    expect(answer).toMatchObject({ ...refused, excerpt: 'half' });
  });

  it('comes with 256 characters of a huge body, and of one without end', async () => {
    expect(await answerOf(({ socket }) => void socket.write(`${head(10_000_000)}${'z'.repeat(10_000_000)}`))).toMatchObject({
      ...refused,
      excerpt: 'z'.repeat(256),
    });
    let written = 0;
    const answer = await answerOf(({ socket }) => {
      socket.write('HTTP/1.1 422 X\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `4000\r\n${'y'.repeat(0x4000)}\r\n`;
      const more = (): void => {
        if (socket.destroyed) return;
        written += chunk.length;
        socket.write(chunk, more);
      };
      more();
    });
    expect(answer).toMatchObject({ ...refused, excerpt: 'y'.repeat(256) });
    // Socket buffers on both sides fill before the sender hangs up; it reads 16 KiB.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  it('has none when its body is compressed', async () => {
    const body = gzipSync('no badge');
    const compressed = `HTTP/1.1 422 X\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`;
    const answer = await answerOf(({ socket }) => void socket.write(Buffer.concat([Buffer.from(compressed), body])));
    expect(answer).toMatchObject(refused);
    expect(answer).not.toHaveProperty('excerpt');
  });
});
