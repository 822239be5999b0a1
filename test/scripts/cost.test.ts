import { describe, expect, it } from 'vitest';
import { type FunctionName, functionSettings } from '#lib/config/function-settings.ts';
import { deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { tables } from '#lib/dynamodb/tables.ts';
import { topics } from '#lib/kafka/topics.ts';
import { type MetricDefinition, metricDefinitions } from '#lib/telemetry/metric-names.ts';
import { idleUsage } from '../../scripts/cost/idle.ts';
import { idleStages } from '../../scripts/cost/idle-stages.ts';
import { costOf, type Price, prices, pricesOf } from '../../scripts/cost/prices.ts';
import { billedPrices, costReport, unconfirmedShare } from '../../scripts/cost/report.ts';
import { unitsOf } from '../../scripts/cost/calls.ts';
import { assumptions } from '../../scripts/cost/assumptions.ts';
import { sendsOfBatch, usagePerMillion } from '../../scripts/cost/traffic.ts';
import { tableWith } from '../architecture/markdown.ts';
import { readText } from '../architecture/repository.ts';

// `npm run synth` validates; here it would cost seconds a template.
process.env['CDK_VALIDATION'] = 'false';

describe('docs/cost.md', () => {
  it('has what npm run cost computes', () => {
    expect(readText('docs/cost.md').trim().endsWith(costReport(idleStages()))).toBe(true);
  });

  it('dates its prices, and says where each is from or that it could not be confirmed', () => {
    expect(pricesOf.date).toMatch(/^20\d\d-\d\d-\d\d$/);
    const sources = Object.values<Price>(prices).map(({ source = 'not confirmed' }) => source);
    expect(sources.filter((source) => source !== 'not confirmed' && !source.startsWith('https://'))).toEqual([]);
    const { rows } = tableWith(readText('docs/cost.md'), 'price of one');
    expect(rows.map(([, , source]) => source)).toEqual(sources);
  });
});

describe('the bill', () => {
  it('has a line for everything that has a price, once', () => {
    const unbilled = Object.keys(prices).filter((name) => !billedPrices.some((billed) => billed === name));
    expect(unbilled).toEqual([]);
    expect(new Set(billedPrices).size).toBe(billedPrices.length);
  });

  it('is the sum of amounts times prices', () => {
    expect(costOf({ dynamodbWrite: 2_000_000, keyMonth: 3 })).toBeCloseTo(2 * 0.625 + 3);
  });
});

describe('beside each sum stands which part of it rests on prices without a source', () => {
  it('none of what is confirmed, all of what is not', () => {
    expect(unconfirmedShare({ lambdaRequest: 1_000_000 })).toBe(0);
    expect(unconfirmedShare({ pollerHour: 730 })).toBe(1);
    // A dollar of SQS, which is confirmed, and three of the HTTP API, which is not.
    expect(unconfirmedShare({ sqsFifoRequest: 2_000_000, httpApiRequest: 3_000_000 })).toBeCloseTo(0.75);
  });
});

describe('a delivery', () => {
  it('writes its record once to each index, and nothing to them afterwards', () => {
    const { writes, indexWrites } = unitsOf('deliver', { delivery: 1, 'subscription in a batch': 1 }, 0);
    expect(indexWrites).toBe(tables.deliveries.indexes.length);
    // Claimed, entered, left, settled, and its place in the limits.
    expect(writes).toBe(5);
  });

  it('costs its writes once for each subscriber, and those of the hook once', () => {
    const [one, two, ten] = [1, 2, 10].map((subscribers) => usagePerMillion(subscribers).dynamodbWrite ?? 0) as [number, number, number];
    const each = two - one;
    // Nine of each delivery; of the hundredth part that comes again, all but those of the four indexes.
    expect(each).toBeCloseTo(1_000_000 * (9 + 0.01 * 5));
    expect(ten - one).toBeCloseTo(9 * each);
    // Three notes of each environment in ten minutes.
    expect(one - each).toBeCloseTo((3 * assumptions.hookEnvironments.value * 43_800) / 10);
  });

  it('is kept as long as deliveries are', () => {
    expect(assumptions.retentionDays.value).toBe(deliveryRetentionDays);
  });

  it('is received and deleted by Lambda in batches, sent in tens, deleted by deliver in a slow batch, and shown again when it failed', () => {
    const { sqsFifoRequest = 0 } = usagePerMillion(1);
    expect(sqsFifoRequest).toBeCloseTo(700_000 + 10_000 + 1_000_000 + (2 * 1_010_000) / assumptions.deliveriesPerInvocation.value);
  });

  it('is sent with those of its partition: seven of twelve hold ten changes, and each sends for itself', () => {
    const { partitions } = topics['identity.changes.v1'];
    const hit = partitions * (1 - (1 - 1 / partitions) ** assumptions.changesPerFanOut.value);
    expect(assumptions.partitionsPerFanOut.value).toBe(Math.round(hit));
    expect([1, 7, 10, 100].map(sendsOfBatch)).toEqual([7, 7, 10, 100]);
  });

  it('is swept for each subscriber in every minute, shard by shard', () => {
    const [one, two] = [usagePerMillion(1).dynamodbRead ?? 0, usagePerMillion(2).dynamodbRead ?? 0];
    // 16 queries of half a read, 43,800 times; and its lane, its person and its subscription for each of the million deliveries and their repeats.
    expect(two - one).toBeCloseTo(8 * 43_800 + 3 * 1_010_000);
  });

  it('has its secret unwrapped once in a while, and never more often than it is sent', () => {
    expect(usagePerMillion(1).kmsRequest).toBeCloseTo((assumptions.deliverEnvironments.value * 43_800) / 5);
    expect(usagePerMillion(100).kmsRequest).toBeCloseTo((assumptions.deliverEnvironments.value * 100 * 43_800) / 5);
  });

  it('keeps sweep busy for each subscriber', () => {
    const [one, two] = [usagePerMillion(1).lambdaGbSecond ?? 0, usagePerMillion(2).lambdaGbSecond ?? 0];
    const deliver = (1_010_000 / assumptions.deliveriesPerInvocation.value) * (assumptions.deliverMs.value / 1_000);
    const sweep = 43_800 * (assumptions.sweepMsPerSubscription.value / 1_000);
    const gbOf = (name: FunctionName): number => functionSettings[name].memoryMb / 1_024;
    expect(two - one).toBeCloseTo(deliver * gbOf('deliver') + sweep * gbOf('sweep'));
  });

  it('adds every metric but those that sweep writes anyway', () => {
    const count = Object.keys(metricDefinitions).length;
    // Accepted by org; what is counted by subscription, for each.
    const bySubscription = Object.values<MetricDefinition>(metricDefinitions).filter(({ dimensions }) =>
      dimensions.includes('Subscription'),
    );
    expect(usagePerMillion(10).metricMonth).toBe(count - 5 + 1 + 10 * bySubscription.length);
  });

  it('shares its hook request with all of them', () => {
    expect(usagePerMillion(100).httpApiRequest).toBe(usagePerMillion(1).httpApiRequest);
  });
});

describe('a stage without traffic', () => {
  const template = (resources: object): object => ({ Resources: resources });

  it('costs what stands in its template', () => {
    const usage = idleUsage(
      template({
        Cluster: {
          Type: 'AWS::MSK::Cluster',
          Properties: { NumberOfBrokerNodes: 3, BrokerNodeGroupInfo: { InstanceType: 'express.m7g.large' } },
        },
        Live: { Type: 'AWS::Lambda::EventSourceMapping', Properties: {} },
        Log: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { Topics: ['a'], ProvisionedPollerConfig: { MinimumPollers: 2 } } },
        // On demand: neither paid by the hour nor a queue.
        FreeLog: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { Topics: ['a'] } },
        Refused: { Type: 'AWS::EC2::FlowLog' },
        Counted: { Type: 'AWS::Logs::MetricFilter' },
        Warm: { Type: 'AWS::Lambda::Alias', Properties: { ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 } } },
        Kms: { Type: 'AWS::EC2::VPCEndpoint', Properties: { VpcEndpointType: 'Interface', SubnetIds: ['a', 'b', 'c'] } },
        S3: { Type: 'AWS::EC2::VPCEndpoint', Properties: { VpcEndpointType: 'Gateway' } },
        One: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Dead' } },
        Two: { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics: [{ Expression: 'm0+m1' }, { MetricStat: {} }, { MetricStat: {} }] } },
        Key: { Type: 'AWS::KMS::Key' },
      }),
      { warmGb: 1 },
    );
    expect(usage).toMatchObject({
      'express.m7g.large': 3 * 730,
      pollerHour: 2 * 730,
      provisionedGbSecond: 2 * 730 * 3_600,
      endpointHour: 3 * 730,
      alarmMetricMonth: 3,
      keyMonth: 1,
      sqsFifoRequest: 657_000,
      natHour: 0,
      metricMonth: 1,
      // Three brokers and the network; there is no schedule in it, so sweep does and says nothing.
      logGb: 3 * assumptions.brokerLogGb.value + assumptions.refusedTrafficGb.value,
      dynamodbRead: 0,
      lambdaGbSecond: 0,
    });
  });

  it('runs sweep in every minute, which reads what is quiet and says its gauges', () => {
    const tick = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(1 minute)' } };
    const usage = idleUsage(template({ Tick: tick }), { warmGb: 1 });
    // Of subscriptions one read, of senders half of one, and one of each quiet org.
    expect(usage.dynamodbRead).toBeCloseTo(43_800 * (1.5 + assumptions.quietOrgs.value));
    expect(usage.lambdaRequest).toBe(43_800);
    expect(usage.lambdaGbSecond).toBeCloseTo((43_800 * assumptions.sweepMs.value) / 2_000);
    expect(usage.metricMonth).toBe(
      ['OpenCircuits', 'ParkedLanes', 'OldestParkedAgeSeconds', 'OldestRemovalAgeSeconds', 'SilentOrgs'].length,
    );
  });

  it('is not guessed at when a broker has no price', () => {
    const cluster = {
      Type: 'AWS::MSK::Cluster',
      Properties: { NumberOfBrokerNodes: 3, BrokerNodeGroupInfo: { InstanceType: 'kafka.m9.huge' } },
    };
    expect(() => idleUsage(template({ Cluster: cluster }), { warmGb: 1 })).toThrow('kafka.m9.huge');
  });
});
