import { describe, expect, it } from 'vitest';
import { deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { tables } from '#lib/dynamodb/tables.ts';
import { idleUsage } from '../../scripts/cost/idle.ts';
import { idleStages } from '../../scripts/cost/idle-stages.ts';
import { costOf, prices, pricesOf } from '../../scripts/cost/prices.ts';
import { billedPrices, costReport } from '../../scripts/cost/report.ts';
import { assumptions, usagePerMillion, writesPerDelivery } from '../../scripts/cost/traffic.ts';
import { readText } from '../architecture/repository.ts';

// `npm run synth` validates; here it would cost seconds a template.
process.env['CDK_VALIDATION'] = 'false';

describe('docs/cost.md', () => {
  it('has what npm run cost computes', () => {
    expect(readText('docs/cost.md').trim().endsWith(costReport(idleStages()))).toBe(true);
  });

  it('dates its prices', () => {
    expect(pricesOf.date).toMatch(/^20\d\d-\d\d-\d\d$/);
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
    expect(writesPerDelivery.claimIndexes).toBe(tables.deliveries.indexes.length);
    expect(writesPerDelivery.settle).toBe(1);
  });

  it('costs its writes once for each subscriber', () => {
    const [one, ten] = [usagePerMillion(1).dynamodbWrite ?? 0, usagePerMillion(10).dynamodbWrite ?? 0];
    expect(ten).toBeCloseTo(10 * one);
    expect(one).toBeGreaterThanOrEqual(1_000_000 * Object.values(writesPerDelivery).reduce((sum, count) => sum + count, 0));
  });

  it('is kept as long as deliveries are', () => {
    expect(assumptions.retentionDays.value).toBe(deliveryRetentionDays);
  });

  it('is swept for each subscriber in every minute, shard by shard', () => {
    const [one, two] = [usagePerMillion(1).dynamodbRead ?? 0, usagePerMillion(2).dynamodbRead ?? 0];
    // 16 queries of half a read, 43,776 times; and a read for each batch of the million deliveries with their repeats.
    expect(two - one).toBeCloseTo(8 * 43_776 + 1_010_000 / assumptions.deliveriesPerInvocation.value);
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
