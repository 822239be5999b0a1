import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { provideLogSink, type Level } from '#lib/telemetry/wide-line.ts';
import { toldBy } from '../../support/told-by.ts';

const lines: Record<string, unknown>[] = [];
provideLogSink((line) => lines.push(JSON.parse(line) as Record<string, unknown>));
beforeEach(() => {
  lines.length = 0;
});

// middy and the line read nothing else of a context here.
const context = (more: object = {}) => ({ awsRequestId: 'r-1', ...more }) as unknown as Context;
const options = (level: Level = 'info') => ({ now: () => new Date('2026-11-21T12:00:00.000Z'), level });

describe('one invocation writes one line', () => {
  it('with what the handler noted and the status it answered', async () => {
    const handler = middy()
      .use(wideLine('some-function', options()))
      .handler(async (_event: unknown, given: Context) => {
        lineOf(given).note({ org: 'acme' });
        return { statusCode: 200 };
      });
    await handler({}, context());
    expect(lines).toEqual([
      {
        time: '2026-11-21T12:00:00.000Z',
        level: 'info',
        function: 'some-function',
        durationMs: 0,
        requestId: 'r-1',
        coldStart: true,
        org: 'acme',
        httpStatus: 200,
      },
    ]);
    await handler({}, context());
    expect(lines[1]).not.toHaveProperty('coldStart');
  });

  it('with the failure and the answer that onError gave in its stead', async () => {
    const handler = middy()
      .use(wideLine('some-function', options()))
      .onError((request) => {
        request.response = { statusCode: 503 };
      })
      .handler(async () => Promise.reject(new RelayError('CHANGE_LOG_UNAVAILABLE', 'away')));
    expect(await handler({}, context())).toEqual({ statusCode: 503 });
    expect(lines).toMatchObject([{ level: 'error', httpStatus: 503, errors: [{ code: 'CHANGE_LOG_UNAVAILABLE' }] }]);
  });

  it('and throws on what nobody answers, bare', async () => {
    const handler = middy()
      .use(wideLine('some-function', options()))
      .handler(async () => Promise.reject(new TypeError('holds a secret')));
    const thrown: unknown = await handler({}, context()).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'TypeError' });
    expect(lines).toMatchObject([{ level: 'error', errors: [{ code: 'UNKNOWN', kind: 'TypeError' }] }]);
    expect(JSON.stringify(lines) + toldBy(thrown)).not.toContain('holds a secret');
  });

  it('for each of two invocations at the same time', async () => {
    const handler = middy<{ org: string }>()
      .use(wideLine('some-function', options()))
      .handler(async (event: { org: string }, given: Context) => {
        await Promise.resolve();
        lineOf(given).note({ org: event.org });
      });
    await Promise.all([handler({ org: 'a' }, context({ awsRequestId: 'r-a' })), handler({ org: 'b' }, context({ awsRequestId: 'r-b' }))]);
    expect(lines).toMatchObject([
      { requestId: 'r-a', org: 'a' },
      { requestId: 'r-b', org: 'b' },
    ]);
  });
});

it('writes nothing below the least level', async () => {
  const handler = middy()
    .use(wideLine('some-function', options('warn')))
    .handler(async () => undefined);
  await handler({}, context());
  expect(lines).toEqual([]);
});
