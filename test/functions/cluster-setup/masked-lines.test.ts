import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { toldBy } from '../../support/told-by.ts';
import { planted, telltale } from '../planted.ts';

const cluster = 'arn:aws:kafka:eu-central-1:111122223333:cluster/relay/1a2b3c4d-0000-4000-8000-000000000000-5';

/** Stands for MSK and for the place of the answers; both repeat what they were sent. */
const standIn = { mskStatus: 200, answerStatus: 200, asked: 0, answered: 0 };
const lines: string[] = [];
let server: Server;
let origin: string;
let handler: (event: unknown, context: Context) => Promise<unknown>;

beforeAll(async () => {
  server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      const isAnswer = request.method === 'PUT';
      if (isAnswer) standIn.answered += 1;
      else standIn.asked += 1;
      const message = `${request.url} ${Buffer.concat(chunks as Buffer[]).toString('utf8')} ${planted}`;
      const brokers = { bootstrapBrokerStringSaslIam: 'b-1.relay.example.com:9098' };
      const status = isAnswer ? standIn.answerStatus : standIn.mskStatus;
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': 'BadRequestException' });
      response.end(JSON.stringify(status === 200 ? { ...brokers, message } : { message, Message: message }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The SDK's own names: it reads them by itself.
  Object.assign(process.env, { AWS_ENDPOINT_URL_KAFKA: origin, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'planted-key', AWS_REGION: 'eu-central-1' }); // prettier-ignore
  provideLogSink((line) => lines.push(line));
  handler = (await import('../../../functions/cluster-setup/handler.ts')).handler as typeof handler;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  lines.length = 0;
  Object.assign(standIn, { mskStatus: 200, answerStatus: 200, asked: 0, answered: 0 });
});

/** Planted in whatever a request of CloudFormation holds; the URL of the answer is signed, so whoever has it answers in the function's place. */
const request = (overrides: object = {}) => ({
  RequestType: 'Create',
  ResponseURL: `${origin}/planted?signature=planted`,
  StackId: planted,
  RequestId: planted,
  LogicalResourceId: planted,
  PhysicalResourceId: planted,
  ResourceProperties: { ClusterArn: cluster, Topics: '[]', Planted: planted },
  OldResourceProperties: { Planted: planted },
  ...overrides,
});
const run = async (event: unknown): Promise<string> => {
  // middy and the handler read nothing else of a context here. What cannot be answered is thrown, after its line was written, and Lambda writes it too.
  const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 90_000 } as unknown as Context;
  const thrown = await handler(event, context).then(() => '', toldBy);
  expect(lines).toHaveLength(1);
  return [...lines, thrown].join('\n');
};

describe('cluster-setup writes nothing of a request', () => {
  it('that is good', async () => {
    expect(await run(request())).not.toMatch(telltale);
    expect([standIn.asked > 0, standIn.answered]).toEqual([true, 1]);
  });

  it.each<[string, unknown]>([
    ['of another type', request({ RequestType: planted })],
    ['whose properties are others', request({ ResourceProperties: { ClusterArn: 7, Topics: planted } })],
    ['whose topics are none', request({ ResourceProperties: { ClusterArn: cluster, Topics: JSON.stringify([{ name: 7, [planted]: planted }, planted]) } })], // prettier-ignore
    ['whose cluster is none', request({ ResourceProperties: { ClusterArn: planted, Topics: '[]' } })],
    ['that says nowhere to answer', request({ ResponseURL: planted })],
    ['that is a text', planted],
  ])('%s', async (_, event) => {
    expect(await run(event)).not.toMatch(telltale);
  });

  it('when MSK refuses it and repeats it', async () => {
    standIn.mskStatus = 400;
    const written = await run(request());
    expect(written).toContain('"level":"error"');
    expect(written).not.toMatch(telltale);
  });

  it('when its answer is refused and repeated', async () => {
    standIn.answerStatus = 403;
    const written = await run(request());
    expect(written).toContain('DEPLOYMENT_UNANSWERED');
    expect(written).not.toMatch(telltale);
  });

  it('when nobody listens where the answer goes', async () => {
    const written = await run(request({ ResponseURL: 'http://127.0.0.1:1/planted?signature=planted' }));
    expect(written).toContain('DEPLOYMENT_UNANSWERED');
    expect(written).not.toMatch(telltale);
  });
});
