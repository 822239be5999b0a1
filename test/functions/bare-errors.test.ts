import { readdirSync } from 'node:fs';
import type { Context } from 'aws-lambda';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideEnvironment } from '#lib/config/environment.ts';
import { provideChangeLog, provideChangeLogRange } from '#lib/config/local-parts.ts';
import { variables, type VariableName } from '#lib/config/variables.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import type { LambdaHandler } from '../../local/lambda.ts';
import { toldBy } from '../support/told-by.ts';
import { planted, telltale } from './planted.ts';

/** Of every function that there is, by its folder. What a handler throws, Lambda writes into the log by itself. */
const names = readdirSync(new URL('../../functions/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const lines: string[] = [];
let sink = (line: string): void => void lines.push(line);
const fail = (): never => {
  throw Object.assign(new TypeError(planted, { cause: new Error(planted) }), { planted });
};
/** Whoever reads anything of it is told about somebody. */
const tellingEvent = new Proxy({}, { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail });

beforeAll(() => {
  const examples = (Object.keys(variables) as VariableName[]).map((name) => [name, variables[name].example] as const);
  // Nobody listens there. The tests end before anybody has waited for it.
  const nowhere = Object.fromEntries(['DYNAMODB', 'SQS', 'S3'].map((service) => [`AWS_ENDPOINT_URL_${service}`, 'http://127.0.0.1:1']));
  const secrets = {
    SECRETS_KEY_FILE: '',
    RELAY_ADMIN_TOKEN: 'a-long-random-word',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  provideEnvironment({ ...Object.fromEntries(examples), ...nowhere, ...secrets, CHANGE_LOG: 'embedded' });
  provideChangeLog({ append: fail });
  provideChangeLogRange({ locate: fail, read: fail, close: () => Promise.resolve() });
  provideLogSink((line) => {
    sink(line);
  });
});
beforeEach(() => {
  lines.length = 0;
  sink = (line) => void lines.push(line);
});

const ended = async (name: string, event: unknown): Promise<{ kind: 'answered' | 'thrown'; told: string }> => {
  const { handler } = (await import(`../../functions/${name}/handler.ts`)) as { handler: LambdaHandler };
  // The handlers and middy read nothing else of a context here.
  const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 20_000 } as unknown as Context;
  return handler(event, context).then(
    (answer) => ({ kind: 'answered', told: toldBy(answer) }),
    (error: unknown) => ({ kind: 'thrown', told: toldBy(error) }),
  );
};

const answering = ['admin', 'receive-hook'];
/** `sweep` looks at nothing of its event. */
const reading = names.filter((name) => name !== 'sweep');

describe('an error of somebody else, with a person in it', () => {
  it.each(reading)('%s meets while it reads its event, and passes on nothing of it', async (name) => {
    const { kind, told } = await ended(name, tellingEvent);
    expect(kind).toBe(answering.includes(name) ? 'answered' : 'thrown');
    expect(told).not.toMatch(telltale);
    expect(lines.join('\n')).toContain('"kind":"TypeError"');
    expect(lines.join('\n')).not.toMatch(telltale);
  });

  it.each(names)(
    '%s meets while it writes its line, and passes on nothing of it',
    async (name) => {
      sink = fail;
      const { kind, told } = await ended(name, { Records: [] });
      expect(kind).toBe('thrown');
      expect(told).toContain('TypeError');
      expect(told).not.toMatch(telltale);
    },
    20_000,
  );
});
