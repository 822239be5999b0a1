import { describe, expect, it } from 'vitest';
import { deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { tables } from '#lib/dynamodb/tables.ts';
import { idleUsage } from '../../scripts/cost/idle.ts';
import { idleStages } from '../../scripts/cost/idle-stages.ts';
import { costOf, type Price, prices, pricesOf } from '../../scripts/cost/prices.ts';
import { billedPrices, costReport } from '../../scripts/cost/report.ts';
import { unitsOf } from '../../scripts/cost/calls.ts';
import { assumptions, usagePerMillion } from '../../scripts/cost/traffic.ts';
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
    expect(one - each).toBeCloseTo((3 * assumptions.hookEnvironments.value * 43_776) / 10);
  });

  it('is kept as long as deliveries are', () => {
    expect(assumptions.retentionDays.value).toBe(deliveryRetentionDays);
  });

  it('is received and deleted by Lambda in batches, sent in tens, and shown again when it failed', () => {
    const { sqsFifoRequest = 0 } = usagePerMillion(1);
    expect(sqsFifoRequest).toBeCloseTo(100_000 + 10_000 + (2 * 1_010_000) / assumptions.deliveriesPerInvocation.value);
  });

  it('is swept for each subscriber in every minute, shard by shard', () => {
    const [one, two] = [usagePerMillion(1).dynamodbRead ?? 0, usagePerMillion(2).dynamodbRead ?? 0];
    // 16 queries of half a read, 43,776 times; and its lane, its person and its subscription for each of the million deliveries and their repeats.
    expect(two - one).toBeCloseTo(8 * 43_776 + 3 * 1_010_000);
  });

  it('has its secret unwrapped once in a while, and never more often than it is sent', () => {
    expect(usagePerMillion(1).kmsRequest).toBeCloseTo((assumptions.deliverEnvironments.value * 43_776) / 5);
    expect(usagePerMillion(100).kmsRequest).toBeCloseTo((assumptions.deliverEnvironments.value * 100 * 43_776) / 5);
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
        Log: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { ProvisionedPollerConfig: { MinimumPollers: 2 } } },
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
      // There is no schedule in it.
      dynamodbRead: 0,
      logGb: 0,
    });
  });

  it('is not guessed at when a broker has no price', () => {
    const cluster = {
      Type: 'AWS::MSK::Cluster',
      Properties: { NumberOfBrokerNodes: 3, BrokerNodeGroupInfo: { InstanceType: 'kafka.m9.huge' } },
    };
    expect(() => idleUsage(template({ Cluster: cluster }), { warmGb: 1 })).toThrow('kafka.m9.huge');
  });
});
