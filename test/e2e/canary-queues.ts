import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { provideEnvironment } from '#lib/config/environment.ts';
import { changeTopic } from '#lib/intake/change-log.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import type { AwsEmulators } from '../../local/aws-emulators.ts';
import { invoke, type LambdaHandler } from '../../local/lambda.ts';
import { goldenEvent } from '../fixtures/aws/http-api-events.ts';
import { adminEvent } from '../functions/admin/admin-event.ts';
import { adminToken, freePort, hookSecret } from '../support/relay-process.ts';
import type { CanarySubscription, CastName } from './canary-cast.ts';
import { storedItems, storedRecords } from './everything-stored.ts';

export interface WaitingOptions {
  readonly aws: AwsEmulators;
  readonly dataDir: string;
  readonly subscriptions: Readonly<Record<CastName, CanarySubscription>>;
  /** Of a person, for the org acme. */
  readonly hookBody: object;
  /** The person's id. */
  readonly user: string;
}

/**
 * Leaves something in every queue. The functions work as they are, on the state of a relay that was killed, and nobody takes what they send:
 * receive-hook has no Kafka and spools, fan-out queues, admin asks for replays and sends dead letters again.
 */
export async function leaveWaiting(options: WaitingOptions): Promise<{ lines: string[]; answers: string[] }> {
  const { aws, dataDir, subscriptions } = options;
  const lines: string[] = [];
  provideLogSink((line) => lines.push(line));
  provideEnvironment({
    ...aws.environment,
    ADMIN_AUTH: 'bearer',
    RELAY_ADMIN_TOKEN: adminToken,
    ALLOW_LOOPBACK_SUBSCRIBERS: 'true',
    SECRETS_KEY_FILE: `${dataDir}.key`,
    CHANGE_LOG: 'kafka',
    KAFKA_AUTH: 'none',
    KAFKA_BROKERS: `127.0.0.1:${await freePort()}`,
  });
  // The functions answer what the gateway and the event source mappings read of it.
  const call = async (name: 'receive-hook' | 'fan-out' | 'admin', event: unknown) => {
    const module = (await import(`../../functions/${name}/handler.ts`)) as { handler: LambdaHandler };
    return (await invoke(name, module.handler, event)) as { statusCode?: number; body?: string; batchItemFailures?: unknown[] };
  };

  // Its time runs from the request's own, and is not for loading it. What it has no time for all the same, on a busy machine, is sent again.
  await import('../../functions/receive-hook/handler.ts');
  let spooled = await call('receive-hook', hookEvent(options.hookBody));
  for (let again = 0; spooled.statusCode === 503 && again < 10; again += 1)
    spooled = await call('receive-hook', hookEvent(options.hookBody));
  if (spooled.statusCode !== 200) throw new Error(`receive-hook answered ${spooled.statusCode}: ${lines.join('\n')}`);

  const queued = await call('fan-out', await changesAgain(dataDir));
  if (queued.batchItemFailures?.length !== 0) throw new Error(`fan-out answered ${JSON.stringify(queued)}: ${lines.join('\n')}`);

  const answers: string[] = [];
  const post = async (path: `/${string}`, body: object): Promise<void> => {
    const event = adminEvent(`POST ${path}`, {
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { statusCode, body: answer = '' } = await call('admin', event);
    if (statusCode !== 202 && statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${answer}`);
    answers.push(answer);
  };
  const from = new Date(Date.now() - 60_000).toISOString();
  await post('/v1/replays', { subscription: subscriptions.whole.id, from, to: new Date().toISOString() });
  for (const name of ['gone', 'gone-attributes', 'gone-minimal'] as const) {
    const letter = await deadLetterOf(aws, subscriptions[name].id, options.user);
    await post(`/v1/subscriptions/${subscriptions[name].id}/resume`, {});
    await post(`/v1/deliveries/${letter}/redeliver`, {});
  }
  return { lines, answers };
}

function hookEvent(body: object): APIGatewayProxyEventV2 {
  const golden = goldenEvent('events-post');
  const headers = { ...golden.headers, authorization: hookSecret };
  return { ...golden, headers, body: JSON.stringify(body), requestContext: { ...golden.requestContext, timeEpoch: Date.now() } };
}

/** What is on the log, as new changes: what was queued before would be taken for the same. */
async function changesAgain(dataDir: string): Promise<object> {
  const records = (await storedRecords(dataDir)).map(({ value }, offset) => {
    const change = { ...(JSON.parse(value.toString('utf8')) as object), id: randomUUID() };
    const record = { topic: changeTopic, partition: 0, offset, timestamp: Date.now(), timestampType: 'CREATE_TIME', headers: [] };
    return { ...record, key: 'YQ==', value: Buffer.from(JSON.stringify(change)).toString('base64') };
  });
  return { eventSource: 'aws:kafka', records: { [`${changeTopic}-0`]: records } };
}

/** The youngest: an older one may have been sent again by a recovery before, and what came of that may be dead in its place. */
async function deadLetterOf(aws: AwsEmulators, subscription: string, user: string): Promise<string> {
  const deliveries = (await storedItems(aws)).filter(({ place }) => place === 'table deliveries').map(({ attributes }) => attributes);
  const dead = deliveries.filter(
    (one) => one['subscription']?.S === subscription && one['user']?.S === user && one['letter'] !== undefined,
  );
  const youngest = dead.toSorted((one, other) => (String(one['createdKey']?.S) < String(other['createdKey']?.S) ? 1 : -1))[0]?.['id']?.S;
  if (youngest === undefined) throw new Error(`no dead letter of ${subscription} about ${user}`);
  return youngest;
}
