/** Public list prices in USD, without tax, free tier and discounts. */
export interface Price {
  readonly usd: number;
  readonly per: string;
}

/** When and where they were looked up. Prices of other regions differ by up to a third; look yours up before you decide. */
export const pricesOf = { date: '2026-11-22', region: 'us-east-1' } as const;

const million = 1_000_000;

/** Pages: https://aws.amazon.com/<service>/pricing/ of Lambda, API Gateway, SQS, DynamoDB, MSK, KMS, CloudWatch, VPC, PrivateLink, EC2 (data transfer). */
export const prices = {
  lambdaRequest: { usd: 0.2 / million, per: 'Lambda request' },
  lambdaGbSecond: { usd: 0.000_013_333_4, per: 'GB-second of Lambda on arm64' },
  provisionedGbSecond: { usd: 0.000_003_333_4, per: 'GB-second kept warm on arm64' },
  pollerHour: { usd: 0.185, per: 'hour of a provisioned event poller' },
  httpApiRequest: { usd: 1 / million, per: 'request of an HTTP API' },
  sqsFifoRequest: { usd: 0.5 / million, per: 'FIFO request of up to 64 KB' },
  dynamodbWrite: { usd: 0.625 / million, per: 'DynamoDB write of up to 1 KB' },
  dynamodbRead: { usd: 0.125 / million, per: 'DynamoDB read of up to 4 KB' },
  dynamodbGbMonth: { usd: 0.25, per: 'GB and month in DynamoDB' },
  restoreGbMonth: { usd: 0.2, per: 'GB and month of restore points' },
  'kafka.t3.small': { usd: 0.0456, per: 'hour of a broker, kafka.t3.small' },
  'kafka.m7g.large': { usd: 0.204, per: 'hour of a broker, kafka.m7g.large' },
  'express.m7g.large': { usd: 0.408, per: 'hour of a broker, express.m7g.large' },
  brokerGbMonth: { usd: 0.1, per: 'GB and month of broker storage' },
  expressIngestGb: { usd: 0.01, per: 'GB written to Express brokers' },
  endpointHour: { usd: 0.01, per: 'hour and zone of an interface endpoint' },
  natHour: { usd: 0.045, per: 'hour of a NAT gateway' },
  natGb: { usd: 0.045, per: 'GB through a NAT gateway' },
  addressHour: { usd: 0.005, per: 'hour of a public IPv4 address' },
  keyMonth: { usd: 1, per: 'KMS key and month' },
  kmsRequest: { usd: 0.03 / 10_000, per: 'KMS request' },
  logGb: { usd: 0.5, per: 'GB of logs written' },
  metricMonth: { usd: 0.3, per: 'custom metric and month' },
  alarmMetricMonth: { usd: 0.1, per: 'metric that an alarm reads, and month' },
  dashboardMonth: { usd: 3, per: 'dashboard and month' },
  internetGb: { usd: 0.09, per: 'GB to the internet' },
} as const satisfies Record<string, Price>;
export type PriceName = keyof typeof prices;

/** How much of what. */
export type Usage = Readonly<Partial<Record<PriceName, number>>>;

export function costOf(usage: Usage): number {
  return Object.entries(usage).reduce((sum, [name, amount]) => sum + prices[name as PriceName].usd * amount, 0);
}
