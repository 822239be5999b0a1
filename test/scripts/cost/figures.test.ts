import { describe, expect, it } from 'vitest';
import { functionSettings } from '#lib/config/function-settings.ts';
import { idleStages } from '../../../scripts/cost/idle-stages.ts';
import { hoursAMonth, secondsAMonth } from '../../../scripts/cost/month.ts';
import { costOf, prices, pricesOf, type Usage } from '../../../scripts/cost/prices.ts';
import { listFiles, readText, repositoryRoot } from '../../architecture/repository.ts';

// `npm run synth` validates; here it would cost seconds a template.
process.env['CDK_VALIDATION'] = 'false';

const { dev = {}, prod = {} }: Record<string, Usage> = idleStages();
const brokersOf = (usage: Usage): number =>
  costOf(Object.fromEntries(Object.entries(usage).filter(([name]) => /^(kafka|express)\.|^brokerGb/.test(name))));
const pollerMonth = prices.pollerHour.usd * hoursAMonth;
const endpointMonth = prices.endpointHour.usd * hoursAMonth;
const twoEndpoints = 2 * 3 * endpointMonth;
const warmMonth = (prices.provisionedGbSecond.usd * secondsAMonth * functionSettings['receive-hook'].memoryMb) / 1_024;
const natMonth = (prices.natHour.usd + prices.addressHour.usd) * hoursAMonth;
/** AWS's prices of what the stack does not use, or uses too little of to have a line on the page. */
const [logGbKept, millionTraces] = [0.03, 5];

/** Each place where a document names a price, with what the script makes of it. */
const said: Readonly<Record<string, readonly (readonly [place: RegExp, usd: readonly number[]])[]>> = {
  'docs/deploy.md': [
    [/about ([\d,]+) USD a month for `dev`, ([\d,]+) for `prod`, before any traffic/, [costOf(dev), costOf(prod)]],
    [/see \[Kafka\]\(#kafka\); ([\d,]+) and ([\d,]+) USD a month/, [brokersOf(dev), brokersOf(prod)]],
    [/days that log groups remember; ([\d.]+) USD a GB and month/, [logGbKept]],
    [/severe line that is written; ([\d.]+) USD a GB/, [prices.logGb.usd]],
    [/Okta's three seconds; about ([\d.]+) USD a month each/, [warmMonth]],
    [/pollers of the topic that are always there; about ([\d.]+) USD a month each/, [pollerMonth]],
    [/About ([\d.]+) USD a month each, and ([\d.]+) USD a GB/, [natMonth, prices.natGb.usd]],
    [
      /endpoints to Lambda and STS, about ([\d.]+) USD a month in three zones \| about ([\d.]+) USD a month for each poller/,
      [twoEndpoints, pollerMonth],
    ],
    [/KMS \(secrets.*about ([\d.]+) USD a month and zone/, [endpointMonth]],
    [/SQS \(the change spool\).*about ([\d.]+) USD a month and zone/, [endpointMonth]],
    [/Lambda, STS \(on-demand.*about ([\d.]+) USD a month and zone, each/, [endpointMonth]],
    [/about ([\d.]+) USD for a million traces/, [millionTraces]],
  ],
  [listFiles(repositoryRoot, 'docs/decisions/0017-*.md')[0] ?? 'decision 17']: [
    [/One provisioned poller costs about ([\d.]+) USD\s+a\s+month/, [pollerMonth]],
    [/two endpoints,\s+([\d.]+) USD a month in three zones/, [twoEndpoints]],
    [/What is saved is some ([\d.]+) USD/, [pollerMonth - twoEndpoints]],
  ],
};

const documents = ['README.md', ...listFiles(repositoryRoot, 'docs/**/*.md').filter((path) => path !== 'docs/cost.md')];

describe('a price in a document is what npm run cost computes, rounded', () => {
  it.each(Object.entries(said).flatMap(([path, places]) => places.map(([place, usd]) => ({ path, place, usd }))))(
    '$path: $place',
    ({ path, place, usd }) => {
      const figures =
        place
          .exec(readText(path))
          ?.slice(1)
          .map((figure) => Number(figure.replaceAll(',', ''))) ?? [];
      expect(figures).toHaveLength(usd.length);
      // Said as one says it: 37 for 36.50, 9 for 8.76.
      for (const [index, figure] of figures.entries()) expect(Math.abs(figure / (usd[index] ?? 0) - 1)).toBeLessThan(0.035);
    },
  );

  it('and there is no other', () => {
    const count = (text: string): number => text.match(/(?<=\d) USD/g)?.length ?? 0;
    const found = documents.map((path) => [path, count(readText(path))]).filter(([, number]) => number !== 0);
    const known = Object.entries(said).map(([path, places]) => [
      path,
      places.reduce((sum, [place]) => sum + count(place.exec(readText(path))?.[0] ?? ''), 0),
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(known));
  });
});

it('docs/deploy.md says where its prices hold, beside the sum', () => {
  const row = readText('docs/deploy.md')
    .split('\n')
    .find((line) => line.includes('before any traffic'));
  expect(row).toContain(`prices of ${pricesOf.region}`);
  expect(row).toContain('other regions');
});
