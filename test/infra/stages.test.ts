import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { variables } from '#lib/config/variables.ts';
import { checkEndpointUrl } from '#lib/webhooks/address-guard.ts';
import { topics } from '#lib/kafka/topics.ts';
import { createOrgSchema } from '#lib/orgs/org-request.ts';
import { defaultConcurrency, limitsSchema } from '#lib/subscriptions/subscription.ts';
import { subscriptionRequestSchema } from '#lib/subscriptions/subscription-request.ts';
import { repositoryRoot } from '../../infra/bundling.ts';
import { readCdkContext } from '../../infra/cdk-context.ts';
import { checkTopicsAreAsDeployed } from '../../infra/constructs/change-topics.ts';
import { findings } from '../../infra/findings.ts';
import { kafkaModes } from '../../infra/kafka-modes.ts';
import { stageSchema } from '../../infra/stage-schema.ts';
import { checkStage, maxConcurrencyPerSubscription, readStage, stageNames } from '../../infra/stages.ts';
import { variants } from '../../infra/variants.ts';

const { partitions } = topics['identity.changes.v1'];
const provisioned = { kind: 'provisioned', answer: 'partitions', minimumPollers: 1, maximumPollers: partitions };
const standardOn = (instanceType: string) => ({ ...kafkaModes['standard']!, brokers: { kind: 'standard', instanceType, diskGb: 10 } });
const everything = variants().find(({ name }) => name === 'prod-everything')!.stage;

describe('a stage', () => {
  it.each(stageNames)('named %s passes its own check', (name) => {
    expect(stageSchema.safeParse(readStage(name)).success).toBe(true);
  });

  it('that is not there is named along with those that are', () => {
    expect(() => readStage('stage')).toThrow('no stage "stage" in infra/stages.ts, only dev, prod');
  });

  it('is checked with the region that it is asked for in', () => {
    expect(readStage('dev', 'us-east-1').region).toBe('us-east-1');
    expect(() => readStage('dev', 'Frankfurt')).toThrow('at region');
  });

  it('is checked with the account that it is asked for in: a cluster that is there is of one', () => {
    expect(readStage('dev', undefined, '999988887777').account).toBe('999988887777');
    expect(readStage('dev').account).toBeUndefined();
    const beside = { ...readStage('dev'), kafka: kafkaModes['existing']! };
    expect(checkStage('mine', { ...beside, account: '111122223333' }).account).toBe('111122223333');
    expect(() => checkStage('mine', { ...beside, account: '999988887777' })).toThrow('is not in the account that the stack goes to');
    expect(() => readStage('dev', undefined, '1234')).toThrow('at account');
  });

  it('names everything that is wrong with it at once', () => {
    const wrong = { ...readStage('dev'), zones: ['a', 'a', 'b'], onDestroy: 'keep', deliver: { maximumConcurrency: 1 }, tables: 3 };
    expect(() => checkStage('mine', wrong)).toThrow(
      /Stage "mine" has problems[^]*tables[^]*onDestroy[^]*maximumConcurrency|Stage "mine" has problems[^]*onDestroy[^]*maximumConcurrency[^]*tables/,
    );
  });

  it.each<[string, object]>([
    ['zones', { zones: ['a', 'a', 'b'] }],
    ['kafka.clusterArn', { region: 'us-east-1', kafka: kafkaModes['existing']! }],
    ['domains.admin.certificateArn', { region: 'us-east-1', domains: everything.domains }],
    ['kafka.clusterArn', { account: '999988887777', kafka: kafkaModes['existing']! }],
    ['account', { account: '1234' }],
    ['fanOut', { fanOut: { ...provisioned, minimumPollers: 3, maximumPollers: 2 } }],
    ['fanOut.maximumPollers', { fanOut: { ...provisioned, maximumPollers: partitions + 1 } }],
    ['fanOut.minimumPollers', { fanOut: { ...provisioned, minimumPollers: 0 } }],
    ['fanOut', { fanOut: { kind: 'on-demand', minimumPollers: 1 } }],
    ['fanOut.answer', { fanOut: { ...provisioned, answer: undefined } }],
    ['receiveHook', { receiveHook: { provisionedConcurrency: 5, reservedConcurrency: 2 } }],
    ['kafka.brokers.instanceType', { kafka: { ...kafkaModes['express']!, brokers: { kind: 'express', instanceType: 'kafka.t3.small' } } }],
    ['kafka.brokers.instanceType', { kafka: standardOn('kafka.m7.large') }],
    ['kafka.brokers.instanceType', { kafka: standardOn('kafka.t3.medium') }],
    ['kafka.brokers.instanceType', { kafka: standardOn('kafka.m7g.24xlarge') }],
    ['kafka.vpcCidr', { kafka: { ...kafkaModes['express']!, vpcCidr: '10.0.0.0/15' } }],
    ['kafka.vpcCidr', { kafka: { ...kafkaModes['express']!, vpcCidr: '10.40.0.0/25' } }],
    ['deliver.staticEgress.vpcCidr', { deliver: { maximumConcurrency: 25, staticEgress: { vpcCidr: '10.0.0.0/8', natGateways: 1 } } }],
    ['kafka.clusterArn', { kafka: { ...kafkaModes['existing']!, clusterArn: 'arn:aws:kafka:eu-central-1:111122223333:cluster/shared' } }],
  ])('is refused for its %s', (path, changes) => {
    expect(() => checkStage('mine', { ...readStage('dev'), ...changes })).toThrow(`at ${path}`);
  });

  const withEgress = (vpcCidr: string) => ({
    ...readStage('dev'),
    deliver: { maximumConcurrency: 25, staticEgress: { vpcCidr, natGateways: 1 } },
  });

  it.each(['10.41.0.0/22', '10.0.0.0/16', '172.16.0.0/16', '172.31.255.0/24', '192.168.0.0/16', '100.64.0.0/16', '100.127.0.0/16'])(
    'sends webhooks out of the private range %s',
    (range) => {
      expect(checkStage('mine', withEgress(range)).deliver.staticEgress?.vpcCidr).toBe(range);
    },
  );

  it.each([
    '11.0.0.0/16',
    '8.8.8.0/24',
    '172.32.0.0/16',
    '172.16.0.0/11',
    '192.169.0.0/16',
    '192.168.0.0/15',
    '100.128.0.0/16',
    '100.64.0.0/9',
    '127.0.0.0/16',
    '169.254.0.0/16',
    '0.0.0.0/0',
  ])(
    // prettier-ignore
    'does not send webhooks out of %s: a subscriber there could not be reached, or a machine inside could',
    (range) => {
      expect(() => checkStage('mine', withEgress(range))).toThrow(
        /is not within a private range: 10\.0\.0\.0\/8,[^]*at deliver\.staticEgress\.vpcCidr/,
      );
    },
  );

  it('says of a range that is none only that', () => {
    expect(() => checkStage('mine', withEgress('10.0.0.0'))).toThrow('at deliver.staticEgress.vpcCidr');
    expect(() => checkStage('mine', withEgress('10.0.0.0'))).not.toThrow('is not within');
  });
});

describe('what one subscription may take', () => {
  it.each<[number, number]>([
    [21, 10],
    [25, 12],
    [199, 99],
    [200, 100],
    [1_000, 100],
  ])('of %d deliver invocations is %d at most', (maximumConcurrency, most) => {
    expect(maxConcurrencyPerSubscription({ deliver: { maximumConcurrency } })).toBe(most);
    expect(limitsSchema.safeParse({ concurrency: most }).success).toBe(true);
  });

  it('is what the default takes at least, and at most what any subscription may have', () => {
    expect(() => checkStage('mine', { ...readStage('dev'), deliver: { maximumConcurrency: 2 * defaultConcurrency } })).toThrow(
      'at deliver',
    );
    expect(
      limitsSchema.safeParse({ concurrency: maxConcurrencyPerSubscription({ deliver: { maximumConcurrency: 1_000 } }) + 1 }).success,
    ).toBe(false);
    const { parse } = variables.MAX_CONCURRENCY_PER_SUBSCRIPTION;
    for (const name of stageNames) expect(parse(String(maxConcurrencyPerSubscription(readStage(name))))).toBeGreaterThanOrEqual(10);
  });
});

describe('a topic that was deployed', () => {
  const topic = topics['identity.changes.v1'];
  it('is accepted as it was', () => {
    expect(() => checkTopicsAreAsDeployed()).not.toThrow();
  });

  it.each([
    ['more partitions', { 'identity.changes.v1': { ...topic, partitions: 24 } }],
    ['another replication', { 'identity.changes.v1': { ...topic, replication: 2 } }],
    ['a topic that is not recorded', { ...topics, 'identity.changes.v2': topic }],
    ['a topic taken away', {}],
  ])('stops the synthesis with %s', (_, defined) => {
    expect(() => checkTopicsAreAsDeployed(defined)).toThrow(/never change: identity\.changes\.v/);
  });
});

describe('the validation of templates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'validation-'));
  const before = process.env['CDK_VALIDATION'];
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    if (before === undefined) delete process.env['CDK_VALIDATION'];
    else process.env['CDK_VALIDATION'] = before;
    process.exitCode = undefined;
  });

  function synthesiseQueue(properties: Record<string, unknown>): void {
    const app = new App({ outdir: folder, context: readCdkContext(), analyticsReporting: false });
    new CfnResource(new Stack(app, 'Wrong'), 'Queue', { type: 'AWS::SQS::Queue', properties });
    app.synth();
  }

  it('finds a property that AWS does not know', () => {
    delete process.env['CDK_VALIDATION'];
    expect(() => synthesiseQueue({ VisibilityTimeoutt: 30 })).toThrow();
    expect(findings(folder).join()).toContain('VisibilityTimeoutt');
  });

  it('that was switched off is a finding', () => {
    process.env['CDK_VALIDATION'] = 'false';
    synthesiseQueue({});
    expect(existsSync(join(folder, 'Wrong.template.json'))).toBe(true);
    expect(findings(folder)).toEqual([expect.stringContaining('not validated')]);
  });
});

const page = readFileSync(join(repositoryRoot, 'docs/deploy.md'), 'utf8');

it('has in docs/deploy.md an org and a subscription that the admin API takes', () => {
  const bodies = [...page.matchAll(/^relay "\$ADMIN_URL\/(\w+)" -d '(.*)'$/gm)].map(
    ([, path, body]) => [path, JSON.parse(body ?? '')] as const,
  );
  expect(bodies.map(([path]) => path)).toEqual(['orgs', 'subscriptions']);
  expect(createOrgSchema.safeParse(bodies[0]?.[1]).error).toBeUndefined();
  const schema = subscriptionRequestSchema({ checkUrl: (url) => checkEndpointUrl(url, { allowLoopback: false }) });
  expect(schema.safeParse(bodies[1]?.[1]).error).toBeUndefined();
});

it('has every option of a stage in docs/deploy.md', () => {
  // What is within an option's own value stands in its row.
  const options = (value: unknown, path: string): string[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && path !== 'kafka' && !path.includes('.')
      ? Object.entries(value).flatMap(([key, inner]) => options(inner, path === '' ? key : `${path}.${key}`))
      : [path];
  const kafka = Object.values(kafkaModes).flatMap((mode) => Object.keys(mode).map((key) => `kafka.${key}`));
  const stages = variants().flatMap(({ stage }) => options(stage, ''));
  for (const option of new Set([...stages, ...kafka])) expect(page, option).toContain(`\`${option}\``);
  for (const name of stageNames) expect(page).toContain(`\`${name}\``);
});
