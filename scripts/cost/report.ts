import { assumptions } from './assumptions.ts';
import { type Calls, calls, unitsOf } from './calls.ts';
import { costOf, type Price, type PriceName, prices, pricesOf, type Usage } from './prices.ts';
import { usagePerMillion } from './traffic.ts';

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
  const isAmount = (column: number): boolean => rows.every((cells) => /^[*<–\d]/.test(cells[column] ?? ''));
  return [line(header), line(header.map((_, column) => (isAmount(column) ? '---:' : '---'))), ...rows.map(line)].join('\n');
}

const dollars = (usd: number): string =>
  usd === 0 ? '–' : usd < 0.1 ? '< 0.1' : usd < 10 ? usd.toFixed(1) : Math.round(usd).toLocaleString('en-US');

function billOf(columns: Readonly<Record<string, Usage>>): string {
  const usages = Object.values(columns);
  const rows = Object.entries(bill).map(([name, names]) => [name, ...usages.map((usage) => dollars(part(usage, names)))]);
  const used = rows.filter(([, ...cells]) => cells.some((cell) => cell !== '–'));
  const together = ['**together**', ...usages.map((usage) => `**${dollars(costOf(usage))}**`)];
  const unsure = ['of that, at prices that are not confirmed', ...usages.map((usage) => `${Math.round(100 * unconfirmedShare(usage))}%`)];
  return table(['USD', ...Object.keys(columns)], [...used, together, unsure]);
}

/** How much of a bill rests on prices without a source, of 1. */
export function unconfirmedShare(usage: Usage): number {
  const unconfirmed = Object.entries<Price>(prices).flatMap(([name, { source }]) => (source === undefined ? [name as PriceName] : []));
  return part(usage, unconfirmed) / costOf(usage);
}

function priceOf(usd: number): string {
  const rounded = (amount: number): string => String(Number(amount.toPrecision(6)));
  return usd < 0.001 ? `${rounded(usd * 1_000_000)} a million` : rounded(usd);
}

function rowOf(call: Calls): string[] {
  const { function: name, operation, table: of, why, per, count, reads, readsAll, writes, indexWrites } = call;
  const amount = (units: number | undefined): string => (units === undefined ? '–' : String(units));
  const called = of === undefined ? `\`${operation}\`: ${why}` : `\`${operation}\` ${of}: ${why}`;
  return [
    `\`${name}\`, ${per}`,
    called,
    String(count),
    readsAll === true ? '1 for each 4 KB of them' : amount(reads),
    amount(writes),
    amount(indexWrites),
  ];
}

/** In a batch by itself, so that nothing of what is remembered for a while is shared. */
function perDelivery(): string {
  const { reads, writes, indexWrites } = unitsOf('deliver', { delivery: 1, 'subscription in a batch': 1 }, 0);
  return `${reads} reads, ${writes} writes to tables and ${indexWrites} to indexes, ${writes + indexWrites} writes in all`;
}

/** The computed part of docs/cost.md, from the usage of each stage in a month without traffic. */
export function costReport(idle: Readonly<Record<string, Usage>>): string {
  const traffic = Object.fromEntries(subscribers.map((count) => [`${count} subscriber${count === 1 ? '' : 's'}`, usagePerMillion(count)]));
  return [
    '## A month without traffic',
    billOf(idle),
    '## A million changes on top',
    'Each change goes to every one of the subscribers.',
    billOf(traffic),
    '## What is called',
    'Reads are of 4 KB (half of one where the read need not be the newest), writes of 1 KB; an index of a table is written by itself.',
    table(['function, and how often', 'call', 'calls', 'reads', 'writes', 'index writes'], calls.map(rowOf)),
    `A delivery at its dearest: ${perDelivery()}.`,
    '## What is taken for granted',
    table(
      ['assumption', 'value'],
      Object.entries(assumptions).map(([name, { value, about }]) => [`\`${name}\`: ${about}`, String(value)]),
    ),
    `## Prices of ${pricesOf.region}, ${pricesOf.date}`,
    table(
      ['price of one', 'USD', 'source'],
      Object.values<Price>(prices).map(({ usd, per, source }) => [per, priceOf(usd), source ?? 'not confirmed']),
    ),
  ].join('\n\n');
}
