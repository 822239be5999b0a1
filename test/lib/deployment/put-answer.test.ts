import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { putAnswer } from '#lib/deployment/put-answer.ts';

let server: Server;
let url: string;
let statuses: number[] = [];
let puts = 0;
let waitedMs: number[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    puts += 1;
    request.resume();
    const status = statuses.shift() ?? 200;
    response.writeHead(status, status === 307 ? { location: 'http://127.0.0.1:1/elsewhere' } : {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?signature=do-not-tell`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  puts = 0;
  waitedMs = [];
});

const put = (to = url) => putAnswer((ms) => Promise.resolve(void waitedMs.push(ms)))(to, '{}');

it('puts an answer again until it is taken, waiting in between', async () => {
  statuses = [503, 500];
  await put();
  expect(puts).toBe(3);
  expect(waitedMs).toEqual([500, 2_000]);
});

it.each([
  ['refused', [403, 403, 403], () => url],
  ['redirected', [307, 307, 307], () => url],
  ['not reached', [], () => 'http://127.0.0.1:1/answer?signature=do-not-tell'],
])('fails after the third time that it is %s, and does not show the URL, which is a secret', async (_, given, to) => {
  statuses = [...given];
  const failure: unknown = await put(to()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'DEPLOYMENT_UNANSWERED' });
  expect(JSON.stringify(failure) + String(failure)).not.toContain('do-not-tell');
  expect(puts).toBe(given.length);
});
