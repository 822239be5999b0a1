import type { Context } from 'aws-lambda';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';

/** Stands for MSK's API and for the place where CloudFormation waits for answers, over HTTP, with the real SDK and fetch in between. */
const cluster = 'arn:aws:kafka:eu-central-1:111122223333:cluster/relay/1a2b3c4d-0000-4000-8000-000000000000-5';
const standIn = {
  topic: {} as object | undefined,
  mskStatus: 200,
  answerStatuses: [] as number[],
  asked: [] as string[],
  answers: [] as Answer[],
};
interface Answer {
  readonly body: Record<string, unknown>;
  readonly contentType: string | undefined;
}

const lines: string[] = [];
let server: Server;
let origin: string;
let handler: (event: unknown, context: Context) => Promise<unknown>;

beforeAll(async () => {
  server = createServer((request, response) => {
    void respond(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The SDK's own names: it reads them by itself.
  process.env['AWS_ENDPOINT_URL_KAFKA'] = origin;
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  process.env['AWS_REGION'] = 'eu-central-1';
  provideLogSink((line) => lines.push(line));
  handler = (await import('../../../functions/cluster-setup/handler.ts')).handler as typeof handler;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  lines.length = 0;
  Object.assign(standIn, {
    topic: {
      topicName: 'identity.changes.v1',
      partitionCount: 12,
      replicationFactor: 3,
      status: 'ACTIVE',
      configs: Buffer.from('retention.ms=604800000\nmax.message.bytes = 1048588').toString('base64'),
    },
    mskStatus: 200,
    answerStatuses: [],
    asked: [],
    answers: [],
  });
});

async function respond(request: IncomingMessage): Promise<{ status: number; body: object }> {
  const url = decodeURIComponent(request.url ?? '');
  if (request.method === 'PUT' && url.startsWith('/answer')) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    standIn.answers.push({ body, contentType: request.headers['content-type'] });
    return { status: standIn.answerStatuses.shift() ?? 200, body: {} };
  }
  standIn.asked.push(url);
  if (standIn.mskStatus !== 200) return { status: standIn.mskStatus, body: { message: 'no' } };
  if (url === `/v1/clusters/${cluster}/bootstrap-brokers`)
    return { status: 200, body: { bootstrapBrokerStringSaslIam: 'b-1.relay.example.com:9098', bootstrapBrokerStringTls: 'other:9094' } };
  if (url === `/v1/clusters/${cluster}/topics/identity.changes.v1` && standIn.topic !== undefined)
    return { status: 200, body: standIn.topic };
  return { status: 404, body: { message: 'no such thing' } };
}

function ask(RequestType: string, remainingMs = 90_000): Promise<unknown> {
  const topic = {
    name: 'identity.changes.v1',
    partitions: 12,
    replication: 3,
    settings: { 'retention.ms': '604800000', 'max.message.bytes': '1048588' },
  };
  const event = {
    RequestType,
    ResponseURL: `${origin}/answer?signature=do-not-log`,
    StackId: 'stack-1',
    RequestId: 'request-1',
    LogicalResourceId: 'Cluster',
    PhysicalResourceId: 'cluster-setup',
    ResourceProperties: { ClusterArn: cluster, Topics: JSON.stringify([topic]) },
  };
  // middy and the handler read nothing else of a context here.
  return handler(event, { awsRequestId: 'r-1', getRemainingTimeInMillis: () => remainingMs } as unknown as Context);
}

describe('cluster-setup', () => {
  it.each(['Create', 'Update'])('answers %s with the brokers for IAM, without a content type, which is signed', async (kind) => {
    await ask(kind);
    expect(standIn.answers).toEqual([
      { contentType: '', body: expect.objectContaining({ Status: 'SUCCESS', Data: { BootstrapBrokers: 'b-1.relay.example.com:9098' } }) },
    ]);
    expect(lines.join()).not.toContain('do-not-log');
  });

  it('stops a deployment onto a topic with other settings, saying which', async () => {
    standIn.topic = { ...standIn.topic, configs: Buffer.from('retention.ms=1').toString('base64') };
    await ask('Create', 25_000);
    expect(standIn.answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: /retention\.ms 1 instead of 604800000/ });
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', outcome: 'failed' });
  });

  it('stops a deployment onto a cluster without the topic', async () => {
    standIn.topic = undefined;
    await ask('Update', 25_000);
    expect(standIn.answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: /identity\.changes\.v1 is not there/ });
  });

  it('says that MSK refused it, and logs why', async () => {
    standIn.mskStatus = 403;
    await ask('Update');
    expect(standIn.answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: /CLUSTER_UNAVAILABLE.*GetBootstrapBrokers/ });
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'error', errors: [{ code: 'CLUSTER_UNAVAILABLE' }] });
  });

  it('lets go of a deleted cluster without asking for it', async () => {
    standIn.mskStatus = 500;
    await ask('Delete');
    expect(standIn.answers[0]?.body).toMatchObject({ Status: 'SUCCESS' });
    expect(standIn.asked).toEqual([]);
  });

  it('puts its answer again when it was not taken', async () => {
    standIn.answerStatuses = [503];
    await ask('Delete');
    expect(standIn.answers.map(({ body }) => body['Status'])).toEqual(['SUCCESS', 'SUCCESS']);
  });
});
