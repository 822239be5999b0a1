import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbOrgStore } from '#lib/dynamodb/org-store.ts';
import { dynamodbSubscriptionStore } from '#lib/dynamodb/subscription-store.ts';
import { orgSchema } from '#lib/okta/org.ts';
import { digestOf } from '#lib/okta/secret-digest.ts';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { SecretBox } from '#lib/sealing/secret-box.ts';
import { localRegion, startAwsEmulators, type AwsEmulators } from '../../local/aws-emulators.ts';
import { payrollId } from '../lib/delivery/delivery-message.ts';
import { ok, startRawSubscriber, type RawSubscriber } from '../lib/https/raw-subscriber.ts';
import { storedSubscription } from '../lib/subscriptions/stored-subscription.ts';

export const signingSecret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

export interface Surroundings {
  readonly aws: AwsEmulators;
  readonly subscriber: RawSubscriber;
  /** MSK's API and the place where CloudFormation waits for answers. */
  readonly deployment: { readonly origin: string; readonly answers: { Status?: string }[] };
  /** Every setting that a function may read, and the change log out of reach. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What the golden events talk about: the org `acme`, its subscriber, and all that the functions call. */
export async function startSurroundings(): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'surroundings-'));
  const keyFile = join(folder, 'key');
  createLocalKeyFile(keyFile);
  const aws = await startAwsEmulators();
  const subscriber = await startRawSubscriber(({ socket }) => void socket.write(ok));
  const deployment = await startDeployment();
  await seed(aws, keyFile, `http://127.0.0.1:${subscriber.port}/hook`);
  return {
    aws,
    subscriber,
    deployment,
    environment: {
      ...aws.environment,
      SECRETS_KEY_FILE: keyFile,
      KAFKA_BROKERS: `127.0.0.1:${await closedPort()}`,
      KAFKA_AUTH: 'none',
      ADMIN_AUTH: 'iam',
      ALLOW_LOOPBACK_SUBSCRIBERS: 'true',
      AWS_ENDPOINT_URL_KAFKA: deployment.origin,
    },
    async stop() {
      deployment.server.close();
      await Promise.all([aws.stop(), subscriber.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function seed(aws: AwsEmulators, keyFile: string, url: string): Promise<void> {
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const org = orgSchema.parse({
    id: 'acme',
    hosts: ['acme.okta.com'],
    authentication: [{ kind: 'header', headerName: 'authorization', digests: [digestOf('acme hook secret')] }],
  });
  await dynamodbOrgStore({ client, table: 'orgs' }).put(org);
  const box = new SecretBox(localDataKeys(keyFile), { now: () => new Date() });
  const sealed = await box.seal(signingSecret, { purpose: 'signing-secret', owner: payrollId });
  const subscription = storedSubscription(1, { id: payrollId, url, types: ['*'] });
  const signingSecrets = [{ sealed, createdAt: subscription.createdAt }];
  await dynamodbSubscriptionStore({ client, table: 'subscriptions' }).create({ ...subscription, signingSecrets });
  client.destroy();
}

async function startDeployment() {
  const answers: { Status?: string }[] = [];
  const server: Server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = decodeURIComponent(request.url ?? '');
      if (url.startsWith('/answer')) answers.push(JSON.parse(Buffer.concat(chunks).toString()) as { Status?: string });
      const configs = Buffer.from('retention.ms=604800000').toString('base64');
      const body = url.endsWith('/bootstrap-brokers')
        ? { bootstrapBrokerStringSaslIam: 'b-1.relay.example.com:9098' }
        : { topicName: 'identity.changes.v1', partitionCount: 12, replicationFactor: 3, status: 'ACTIVE', configs };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, answers, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
