import * as z from 'zod';
import { assumptions, logKbOf, readsOfNone } from './assumptions.ts';
import { unitsOf } from './calls.ts';
import { gbSeconds } from './gb-seconds.ts';
import { gauges } from './metrics.ts';
import { hoursAMonth, secondsAMonth } from './month.ts';
import { type PriceName, prices, type Usage } from './prices.ts';

/** Lambda keeps five requests open on each queue, 20 seconds each: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const pollsAMonth = (5 * secondsAMonth) / 20;

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) })),
});

const broker = z.object({
  NumberOfBrokerNodes: z.number(),
  BrokerNodeGroupInfo: z.object({
    InstanceType: z.string(),
    StorageInfo: z.object({ EBSStorageInfo: z.object({ VolumeSize: z.number() }) }).optional(),
  }),
});
const endpoint = z.object({ VpcEndpointType: z.string(), SubnetIds: z.array(z.unknown()).default([]) });
/** Of a queue, or of topics: what reads these without provisioned pollers is free. */
const mapping = z.object({ Topics: z.unknown().optional(), ProvisionedPollerConfig: z.object({ MinimumPollers: z.number() }).optional() });
const alias = z.object({ ProvisionedConcurrencyConfig: z.object({ ProvisionedConcurrentExecutions: z.number() }) });
const alarm = z.object({ Metrics: z.array(z.object({ MetricStat: z.unknown().optional() })).optional() });
const rule = z.object({ ScheduleExpression: z.literal('rate(1 minute)') });

/** What a stage uses in a month without any traffic, read from its own template. `warmGb`: memory of an environment that is kept warm. */
export function idleUsage(template: unknown, { warmGb }: { readonly warmGb: number }): Usage {
  const resources = Object.values(templateSchema.parse(template).Resources);
  const all = <T>(type: string, schema: z.ZodType<T>): T[] =>
    resources.filter(({ Type }) => Type === type).map(({ Properties }) => schema.parse(Properties));
  const count = (type: string): number => resources.filter(({ Type }) => Type === type).length;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

  const mappings = all('AWS::Lambda::EventSourceMapping', mapping);
  const queues = mappings.filter(({ Topics }) => Topics === undefined).length;
  const pollers = sum(mappings.map(({ ProvisionedPollerConfig }) => ProvisionedPollerConfig?.MinimumPollers ?? 0));
  const warm = sum(all('AWS::Lambda::Alias', alias).map((found) => found.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions));
  const zones = all('AWS::EC2::VPCEndpoint', endpoint).filter(({ VpcEndpointType }) => VpcEndpointType === 'Interface');
  const brokers = sum(all('AWS::MSK::Cluster', broker).map(({ NumberOfBrokerNodes }) => NumberOfBrokerNodes));
  const networkLogGb = brokers * assumptions.brokerLogGb.value + count('AWS::EC2::FlowLog') * assumptions.refusedTrafficGb.value;
  const everyMinute = all('AWS::Events::Rule', rule).length * hoursAMonth * 60;
  return {
    ...brokersIn(all('AWS::MSK::Cluster', broker)),
    pollerHour: pollers * hoursAMonth,
    provisionedGbSecond: warm * warmGb * secondsAMonth,
    endpointHour: sum(zones.map(({ SubnetIds }) => SubnetIds.length)) * hoursAMonth,
    natHour: count('AWS::EC2::NatGateway') * hoursAMonth,
    addressHour: count('AWS::EC2::EIP') * hoursAMonth,
    keyMonth: count('AWS::KMS::Key'),
    alarmMetricMonth: sum(
      all('AWS::CloudWatch::Alarm', alarm).map(
        ({ Metrics }) => (Metrics ?? [{ MetricStat: true }]).filter((metric) => metric.MetricStat !== undefined).length,
      ),
    ),
    dashboardMonth: count('AWS::CloudWatch::Dashboard'),
    sqsFifoRequest: queues * pollsAMonth,
    // What sweep asks and says where nobody is subscribed.
    dynamodbRead: unitsOf('sweep', { minute: everyMinute, 'quiet org and minute': everyMinute * assumptions.quietOrgs.value }, readsOfNone)
      .reads,
    // What counts lines of the access log writes only when there is one: a passer-by is enough.
    metricMonth: (everyMinute > 0 ? gauges : 0) + count('AWS::Logs::MetricFilter'),
    logGb: (everyMinute * (logKbOf('sweep', 0) + assumptions.lambdaLineKb.value)) / 1_000_000 + networkLogGb,
    lambdaRequest: everyMinute,
    lambdaGbSecond: gbSeconds('sweep', everyMinute, assumptions.sweepMs.value),
  };
}

function brokersIn(clusters: readonly z.infer<typeof broker>[]): Usage {
  const usage: Partial<Record<PriceName, number>> = {};
  for (const { NumberOfBrokerNodes: brokers, BrokerNodeGroupInfo: group } of clusters) {
    const type = Object.keys(prices).find((name): name is PriceName => name === group.InstanceType);
    if (type === undefined) throw new Error(`There is no price for ${group.InstanceType} in scripts/cost/prices.ts`);
    usage[type] = (usage[type] ?? 0) + brokers * hoursAMonth;
    usage.brokerGbMonth = (usage.brokerGbMonth ?? 0) + brokers * (group.StorageInfo?.EBSStorageInfo.VolumeSize ?? 0);
  }
  return usage;
}
