/** Public list prices in USD, without tax, free tier and discounts. */
export interface Price {
  readonly usd: number;
  readonly per: string;
  /** A page that says this number. Absent: from memory of AWS's own page, which was not read again. */
  readonly source?: string;
}

/** When they were looked up, and where they hold. Prices of other regions differ by up to a third; look yours up before you decide. */
export const pricesOf = { date: '2026-11-22', region: 'us-east-1' } as const;

const million = 1_000_000;

/** AWS's own pages load their numbers by script, so that most sources are of others who wrote them down in 2025 and 2026. */
const lambda = 'https://aws.amazon.com/lambda/pricing/';
const sqs = 'https://cloudburn.io/blog/amazon-sqs-pricing';
const dynamodb = 'https://airbyte.com/data-engineering-resources/dynamodb-pricing';
const msk =
  'https://github.com/aws/agent-toolkit-for-aws/blob/main/skills/specialized-skills/analytics-skills/managing-amazon-msk/scripts/msk_sizing.py';
const network = 'https://www.zacfukuda.com/blog/aws-nat-gateway-vs-vpc-endpoint';
const kms = 'https://www.factualminds.com/blog/aws-kms-pricing-keys-requests-multi-region/';
const cloudwatch = 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/';

/** AWS's own: https://aws.amazon.com/<service>/pricing/ of Lambda, API Gateway, SQS, DynamoDB, MSK, KMS, CloudWatch, VPC, PrivateLink, EC2 (data transfer). */
export const prices = {
  lambdaRequest: { usd: 0.2 / million, per: 'Lambda request', source: lambda },
  lambdaGbSecond: {
    usd: 0.000_013_333_4,
    per: 'GB-second of Lambda on arm64',
    source: 'https://git.mcrn.ar/mariano/lambda_local_runner/src/branch/main/docs/lambdas-md/lambda-13-cost.md',
  },
  provisionedGbSecond: { usd: 0.000_003_333_4, per: 'GB-second kept warm on arm64' },
  pollerHour: { usd: 0.185, per: 'hour of a provisioned event poller' },
  httpApiRequest: { usd: 1 / million, per: 'request of an HTTP API' },
  sqsFifoRequest: { usd: 0.5 / million, per: 'FIFO request of up to 64 KB', source: sqs },
  dynamodbWrite: { usd: 0.625 / million, per: 'DynamoDB write of up to 1 KB', source: dynamodb },
  dynamodbRead: { usd: 0.125 / million, per: 'DynamoDB read of up to 4 KB', source: dynamodb },
  dynamodbGbMonth: { usd: 0.25, per: 'GB and month in DynamoDB', source: 'https://aws.amazon.com/dynamodb/pricing/' },
  restoreGbMonth: { usd: 0.2, per: 'GB and month of restore points' },
  'kafka.t3.small': { usd: 0.0456, per: 'hour of a broker, kafka.t3.small' },
  'kafka.m7g.large': { usd: 0.204, per: 'hour of a broker, kafka.m7g.large', source: msk },
  'express.m7g.large': { usd: 0.408, per: 'hour of a broker, express.m7g.large', source: msk },
  brokerGbMonth: { usd: 0.1, per: 'GB and month of broker storage', source: msk },
  expressIngestGb: { usd: 0.01, per: 'GB written to Express brokers', source: msk },
  endpointHour: { usd: 0.01, per: 'hour and zone of an interface endpoint', source: network },
  natHour: { usd: 0.045, per: 'hour of a NAT gateway', source: network },
  natGb: { usd: 0.045, per: 'GB through a NAT gateway', source: network },
  addressHour: { usd: 0.005, per: 'hour of a public IPv4 address' },
  keyMonth: { usd: 1, per: 'KMS key and month', source: 'https://aws.amazon.com/kms/pricing/' },
  kmsRequest: { usd: 0.03 / 10_000, per: 'KMS request', source: kms },
  logGb: { usd: 0.5, per: 'GB of logs written', source: cloudwatch },
  metricMonth: { usd: 0.3, per: 'custom metric and month', source: 'https://signoz.io/guides/cloudwatch-pricing' },
  alarmMetricMonth: { usd: 0.1, per: 'metric that an alarm reads, and month' },
  dashboardMonth: { usd: 3, per: 'dashboard and month', source: cloudwatch },
  internetGb: { usd: 0.09, per: 'GB to the internet', source: 'https://cloudpipelines.pages.dev/guides/aws-nat-gateway-pricing-2026/' },
} as const satisfies Record<string, Price>;
export type PriceName = keyof typeof prices;

/** How much of what. */
export type Usage = Readonly<Partial<Record<PriceName, number>>>;

export function costOf(usage: Usage): number {
  return Object.entries(usage).reduce((sum, [name, amount]) => sum + prices[name as PriceName].usd * amount, 0);
}
