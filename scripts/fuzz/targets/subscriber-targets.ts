import { attemptErrors } from '#lib/delivery/delivery.ts';
import { retryAfterMs } from '#lib/webhooks/retry-after.ts';
import { httpsWebhookSender } from '#lib/https/webhook-sender.ts';
import { noon } from '../../../test/lib/okta/authenticity-fixtures.ts';
import { startRawSubscriber } from '../../../test/lib/https/raw-subscriber.ts';
import { seedsOf } from '../seeds.ts';
import { defaultLimitMs, hold, type Target } from '../target.ts';

export const retryAfter: Target = {
  name: 'retry-after',
  about: "a subscriber's Retry-After",
  shape: 'text',
  seeds: seedsOf('retry-after'),
  words: ['GMT', 'Mon, ', '0', '9', ' ', ',', ':', 'Feb', '\t', '30'],
  weight: 4,
  outcomes: ['wait', 'nothing'],
  limitMs: defaultLimitMs,
  run(input) {
    const wait = retryAfterMs(Buffer.from(input).toString('latin1'), noon);
    hold(wait === undefined || (Number.isFinite(wait) && wait >= 0), 'a wait is a number from zero up');
    return wait === undefined ? 'nothing' : 'wait';
  },
};

const timeoutMs = 500;
/** As docs/api.md has it, in UTF-16 units. */
const longestExcerpt = 256;
/** A round trip over loopback, with a socket of its own. */
const answerLimitMs = 300;

/** The real sender against a server that answers any bytes at all and hangs up. */
export async function subscriberAnswer(): Promise<Target> {
  let answer: Uint8Array = Buffer.alloc(0);
  const subscriber = await startRawSubscriber(({ socket }) => {
    const half = answer.length % 2 === 0 ? answer.length : Math.floor(answer.length / 3);
    socket.write(answer.subarray(0, half));
    setImmediate(() => socket.end(answer.subarray(half)));
    // The list is for tests that look at requests; a run of hours would only pile them up.
    subscriber.requests.length = 0;
  });
  return {
    name: 'subscriber-answer',
    about: "a subscriber's answer: status line, headers, body, through the real sender",
    shape: 'text',
    seeds: seedsOf('subscriber-answer'),
    words: ['\r\n', '\r\n\r\n', 'HTTP/1.1 ', 'HTTP/2.0 ', '200', '99', '999', '1xx', 'retry-after: ', 'content-length: ', '-1', 'transfer-encoding: chunked\r\n', 'ffffffff\r\n', '0\r\n\r\n', 'connection: upgrade\r\n', 'keep-alive: timeout=1e9\r\n', 'a: b\r\n', ':', '\u0000'], // prettier-ignore
    weight: 3,
    outcomes: ['answered', ...attemptErrors.filter((error) => error !== 'unknown')],
    limitMs: answerLimitMs,
    async run(input) {
      answer = input;
      const sender = httpsWebhookSender({ allowLoopback: true, now: () => new Date(), monotonicMs: () => performance.now() });
      try {
        const url = `http://127.0.0.1:${subscriber.port}/hook`;
        const result = await sender.send({ url, headers: { 'content-type': 'application/json' }, body: Buffer.from('{}'), timeoutMs });
        if (result.kind === 'failed') return result.error;
        // Node's parser takes any three digits; all that are not 2xx count as a failure.
        hold(Number.isInteger(result.status) && result.status >= 0 && result.status <= 999, 'a status has three digits');
        const wait = retryAfterMs(result.retryAfter, noon);
        hold(wait === undefined || wait >= 0, 'a wait is a number from zero up');
        const { excerpt = '' } = result;
        hold(excerpt.length <= longestExcerpt && excerpt.isWellFormed(), 'what is kept of a body is short and whole');
        hold(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(excerpt), 'what is kept of a body holds no control characters');
        return result.kind;
      } finally {
        sender.close();
      }
    },
    close: () => subscriber.close(),
  };
}
