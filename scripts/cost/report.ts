import { costOf, type PriceName, prices, pricesOf, type Usage } from './prices.ts';
import { assumptions, usagePerMillion, writesPerDelivery } from './traffic.ts';

const subscribers = [1, 10, 100] as const;

/** Lines of the bill, each with what it is made of. Everything that has a price is in one of them: a test counts. */
const bill: Readonly<Record<string, readonly PriceName[]>> = {
  'brokers and their storage': ['kafka.t3.small', 'kafka.m7g.large', 'express.m7g.large', 'brokerGbMonth', 'expressIngestGb'],
  'event pollers': ['pollerHour'],
  'interface endpoints': ['endpointHour'],
  'NAT gateways and addresses': ['natHour', 'natGb', 'addressHour'],
  'warm environments': ['provisionedGbSecond'],
  Lambda: ['lambdaRequest', 'lambdaGbSecond'],
  'HTTP API': ['httpApiRequest'],
  SQS: ['sqsFifoRequest'],
  'DynamoDB writes': ['dynamodbWrite'],
  'DynamoDB reads and storage': ['dynamodbRead', 'dynamodbGbMonth', 'restoreGbMonth'],
  'keys, alarms, dashboard, metrics, logs': ['keyMonth', 'kmsRequest', 'alarmMetricMonth', 'dashboardMonth', 'metricMonth', 'logGb'],
  'to the internet': ['internetGb'],
};
export const billedPrices = Object.values(bill).flat();

function part(usage: Usage, names: readonly PriceName[]): number {
  return costOf(Object.fromEntries(names.map((name) => [name, usage[name] ?? 0])));
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

const dollars = (usd: number): string =>
  usd === 0 ? '–' : usd < 0.1 ? '< 0.1' : usd < 10 ? usd.toFixed(1) : Math.round(usd).toLocaleString('en-US');

function billOf(columns: Readonly<Record<string, Usage>>): string {
  const usages = Object.values(columns);
  const rows = Object.entries(bill).map(([name, names]) => [name, ...usages.map((usage) => dollars(part(usage, names)))]);
  const used = rows.filter(([, ...cells]) => cells.some((cell) => cell !== '–'));
  return table(['USD', ...Object.keys(columns)], [...used, ['**together**', ...usages.map((usage) => `**${dollars(costOf(usage))}**`)]]);
}

/** The computed part of docs/cost.md, from the usage of each stage in a month without traffic. */
export function costReport(idle: Readonly<Record<string, Usage>>): string {
  const traffic = Object.fromEntries(subscribers.map((count) => [`${count} subscriber${count === 1 ? '' : 's'}`, usagePerMillion(count)]));
  const writes = Object.entries(writesPerDelivery).map(([name, count]) => [`\`${name}\``, String(count)]);
  const total = Object.values(writesPerDelivery).reduce((sum, count) => sum + count, 0);
  return [
    '## A month without traffic',
    billOf(idle),
    '## A million changes on top',
    'Each change goes to every one of the subscribers.',
    billOf(traffic),
    '## What a delivery writes',
    'Each of these is one write to DynamoDB, of a kilobyte or less.',
    table(['write', 'count'], [...writes, ['**together**', `**${total}**`]]),
    '## What is taken for granted',
    table(
      ['assumption', 'value'],
      Object.entries(assumptions).map(([name, { value, about }]) => [`\`${name}\`: ${about}`, String(value)]),
    ),
    `## Prices of ${pricesOf.region}, ${pricesOf.date}`,
    table(
      ['price of one', 'USD'],
      Object.values(prices).map(({ usd, per }) => [per, String(Number(usd.toPrecision(6)))]),
    ),
  ].join('\n\n');
}
