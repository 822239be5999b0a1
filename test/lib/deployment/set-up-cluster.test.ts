import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterDescription, DescribedTopic } from '#lib/deployment/cluster-description.ts';
import { setUpCluster } from '#lib/deployment/set-up-cluster.ts';
import { RelayError } from '#lib/errors.ts';

const expected = {
  name: 'identity.changes.v1',
  partitions: 12,
  replication: 3,
  settings: { 'retention.ms': '604800000', 'message.timestamp.type': 'LogAppendTime' },
};
const asExpected: DescribedTopic = { ready: true, partitions: 12, replication: 3, settings: { 'retention.ms': '604800000' } };
const brokers = 'b-1.relay.example.com:9098,b-2.relay.example.com:9098';

interface Sent {
  url: string;
  body: Record<string, unknown>;
}
let sent: Sent[] = [];
let elapsedMs = 0;
beforeEach(() => {
  sent = [];
  elapsedMs = 0;
});

const request = (RequestType: string, more: object = {}): object => ({
  RequestType,
  ResponseURL: 'https://cloudformation.example.com/answer?signature=abc',
  StackId: 'stack-1',
  RequestId: `request-${RequestType}`,
  LogicalResourceId: 'Cluster',
  ResourceType: 'Custom::Cluster',
  ...(RequestType === 'Create' ? {} : { PhysicalResourceId: 'cluster-setup' }),
  ResourceProperties: { ServiceToken: 'arn:aws:lambda:…', ClusterArn: 'arn:aws:kafka:…', Topics: JSON.stringify([expected]) },
  ...more,
});

/** A cluster of which each look is given; the last one stays. */
function clusterThatShows(...looks: (DescribedTopic | undefined)[]): ClusterDescription & { looks: () => number } {
  let at = 0;
  return {
    looks: () => at,
    bootstrapBrokers: () => Promise.resolve(brokers),
    topic: () => Promise.resolve(looks[Math.min(at++, looks.length - 1)]),
  };
}

async function ask(event: unknown, cluster: ClusterDescription): Promise<Record<string, unknown>> {
  await setUpCluster(
    event,
    {
      cluster,
      send: (url, body) => Promise.resolve(void sent.push({ url, body: JSON.parse(body) as Record<string, unknown> })),
      wait: (ms) => Promise.resolve(void (elapsedMs += ms)),
    },
    () => 120_000 - elapsedMs,
  );
  expect(sent).toHaveLength(1);
  return sent[0]!.body;
}

const away: ClusterDescription = {
  bootstrapBrokers: () => Promise.reject(new RelayError('CLUSTER_UNAVAILABLE', 'MSK did not carry out GetBootstrapBrokers (Throttling)')),
  topic: () => Promise.reject(new TypeError('holds a secret')),
};

describe.each(['Create', 'Update'])('a request to %s', (kind) => {
  it('is answered with the brokers when the topics are as they should be, under the id it always has', async () => {
    expect(await ask(request(kind), clusterThatShows(asExpected))).toEqual({
      Status: 'SUCCESS',
      StackId: 'stack-1',
      RequestId: `request-${kind}`,
      LogicalResourceId: 'Cluster',
      PhysicalResourceId: 'cluster-setup',
      Data: { BootstrapBrokers: brokers },
    });
    expect(sent[0]?.url).toBe('https://cloudformation.example.com/answer?signature=abc');
  });

  it.each([
    ['another number of partitions', { ...asExpected, partitions: 6 }, 'partitions 6 instead of 12'],
    ['another replication', { ...asExpected, replication: 2 }, 'replication 2 instead of 3'],
  ])('fails for %s', async (_, topic, reason) => {
    const answer = await ask(request(kind), clusterThatShows(topic));
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining(reason), PhysicalResourceId: 'cluster-setup' });
  });

  it.each<[string, Readonly<Record<string, DescribedTopic>>]>([
    ['its settings differ too', { first: { ...asExpected, partitions: 6, settings: { 'retention.ms': '1000' } }, second: asExpected }],
    ['another topic is missing', { first: { ...asExpected, partitions: 6 } }],
  ])('fails at once for what lasts, also where %s', async (_, shown) => {
    const cluster = { ...clusterThatShows(asExpected), topic: (_arn: string, name: string) => Promise.resolve(shown[name]) };
    const topics = ['first', 'second'].map((name) => ({ ...expected, name }));
    const event = request(kind, { ResourceProperties: { ClusterArn: 'arn', Topics: JSON.stringify(topics) } });
    expect(await ask(event, cluster)).toMatchObject({ Status: 'FAILED', Reason: /partitions 6 instead of 12/ });
    expect(elapsedMs).toBe(0);
  });

  it('waits for a topic that was just made, and fails when it does not come while there is time', async () => {
    const slow = clusterThatShows(undefined, { ...asExpected, ready: false }, asExpected);
    expect(await ask(request(kind), slow)).toMatchObject({ Status: 'SUCCESS' });
    expect(slow.looks()).toBe(3);

    sent = [];
    expect(await ask(request(kind), clusterThatShows(undefined))).toMatchObject({ Status: 'FAILED', Reason: /is not there/ });
    expect(120_000 - elapsedMs).toBeGreaterThanOrEqual(20_000);
  });

  it('fails when the cluster has no brokers for IAM', async () => {
    const without = { ...clusterThatShows(asExpected), bootstrapBrokers: () => Promise.resolve(undefined) };
    expect(await ask(request(kind), without)).toMatchObject({ Status: 'FAILED', Reason: /IAM/ });
  });

  it('is answered when MSK is out of reach, and when something unexpected happens, of which nothing is repeated', async () => {
    expect(await ask(request(kind), away)).toMatchObject({ Status: 'FAILED', Reason: /CLUSTER_UNAVAILABLE/ });
    sent = [];
    const broken = { ...away, bootstrapBrokers: () => Promise.resolve(brokers) };
    const answer = await ask(request(kind), broken);
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: /Unexpected/ });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('is answered when it does not say what is expected', async () => {
    const event = request(kind, { ResourceProperties: { ClusterArn: 'arn:aws:kafka:…', Topics: 'not json' } });
    expect(await ask(event, clusterThatShows(asExpected))).toMatchObject({ Status: 'FAILED', Reason: /Topics/ });
  });

  it('is answered before its time is up when MSK never answers', async () => {
    const silent: ClusterDescription = { ...away, bootstrapBrokers: () => new Promise(() => undefined) };
    const answers: string[] = [];
    await setUpCluster(
      request(kind),
      { cluster: silent, send: (_, body) => Promise.resolve(void answers.push(body)), wait: () => Promise.resolve() },
      () => 20_010,
    );
    expect(answers).toEqual([expect.stringContaining('in time')]);
  });
});

describe('settings that differ', () => {
  const other = { ...asExpected, settings: { 'retention.ms': '1000' } };

  it('stop the first deployment', async () => {
    const reason = 'retention.ms 1000 instead of 604800000';
    expect(await ask(request('Create'), clusterThatShows(other))).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining(reason),
    });
  });

  it.each(['Create', 'Update'])('are looked at again at %s: MSK describes what was just put right a minute later', async (kind) => {
    const lateByAMinute = clusterThatShows(...Array.from({ length: 12 }, () => other), asExpected);
    expect(await ask(request(kind), lateByAMinute)).toMatchObject({ Status: 'SUCCESS' });
    expect(lateByAMinute.looks()).toBe(13);
    expect(elapsedMs).toBe(60_000);
  });

  it('stop no update, and hold it up for a minute at most: in a rollback the topic may not have been put back yet', async () => {
    expect(await ask(request('Update'), clusterThatShows(other))).toMatchObject({ Status: 'SUCCESS' });
    expect(elapsedMs).toBe(60_000);
  });

  it('stop the first deployment only when its time is up', async () => {
    await ask(request('Create'), clusterThatShows(other));
    expect(elapsedMs).toBeGreaterThan(60_000);
    expect(120_000 - elapsedMs).toBeGreaterThanOrEqual(20_000);
  });
});

describe('a request to Delete', () => {
  it.each([
    ['of what was made', request('Delete')],
    ['of what failed to be made', request('Delete', { PhysicalResourceId: 'something-else' })],
    ['with properties that nobody can read', request('Delete', { ResourceProperties: {} })],
  ])('%s succeeds without asking the cluster, under the id that it names', async (_, event) => {
    const cluster = clusterThatShows(undefined);
    expect(await ask(event, { ...away, topic: cluster.topic })).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: (event as { PhysicalResourceId: string }).PhysicalResourceId,
    });
    expect(cluster.looks()).toBe(0);
  });
});

it.each([[undefined], ['text'], [{}], [{ RequestType: 'Create', ResponseURL: 'file:///etc/passwd' }]])(
  'answers nobody when it is asked by nobody: %j',
  async (event) => {
    const send = () => Promise.reject(new Error('nothing to send'));
    const outcome = await setUpCluster(event, { cluster: away, send, wait: () => Promise.resolve() }, () => 100_000);
    expect(outcome).toEqual({ kind: 'unreadable' });
  },
);

it('keeps its answer below what CloudFormation takes', async () => {
  const many = Array.from({ length: 200 }, (_, index) => ({ ...expected, name: `topic-${index}` }));
  const event = request('Create', { ResourceProperties: { ClusterArn: 'arn', Topics: JSON.stringify(many) } });
  const answer = await ask(event, clusterThatShows({ ...asExpected, partitions: 1 }));
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(4_096);
});
