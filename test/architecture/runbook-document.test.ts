import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliveryLifetimeMs, deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { metricDefinitions, type MetricDefinition } from '#lib/telemetry/metric-names.ts';
import { failureSchedule } from '#lib/webhooks/retry-schedule.ts';
import { listFiles, readText, repositoryRoot } from './repository.ts';

const runbook = readText('docs/runbook.md');
const documents = listFiles(repositoryRoot, 'docs/*.md').map((file) => ({ file, text: readText(file) }));
const metrics: Readonly<Record<string, MetricDefinition>> = metricDefinitions;
const dayMs = 24 * 60 * 60_000;

describe('the look-up of deliveries in docs/runbook.md', () => {
  const [lookUp = ''] = /^deliveries\(\) \{[\s\S]*?^\}$/m.exec(runbook) ?? [];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runbook-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs it against a `relay` that answers with these pages, one after the other, and at last with nothing. */
  function run(call: string, pages: readonly string[]): { printed: string; asked: URL[] } {
    for (const [index, page] of pages.entries()) writeFileSync(join(folder, `page-${index}`), page);
    const relay = 'relay() { cat "page-$(grep -c "" asked)"; printf "%s\\n" "$1" >> asked; }';
    const script = `ADMIN_URL=https://relay.example.com/v1\n${relay}\n${lookUp}\n: > asked\n${call}`;
    const printed = execFileSync('sh', ['-c', script], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
      env: { PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter) },
    });
    const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
    return { printed, asked: asked.map((url) => new URL(url)) };
  }

  it('follows nextCursor over a page that is empty to the last one, and asks each time for the same', () => {
    const pages = ['{ "data": [], "nextCursor": "a-b_c" }', '{ "data": [{ "id": "dlv_1" }], "nextCursor": null }'];
    const { printed, asked } = run('deliveries 30 dead sub_1', pages);
    expect(printed.trim().split('\n')).toEqual(pages);
    const [first, second] = asked.map(({ searchParams }) => Object.fromEntries(searchParams));
    expect(first).toMatchObject({ status: 'dead', subscription: 'sub_1', limit: '100' });
    expect(second).toEqual({ ...first, cursor: 'a-b_c' });
    const agoMs = Date.now() - Date.parse(first?.['since'] ?? '');
    expect(Math.round(agoMs / dayMs)).toBe(30);
  });

  it('asks for all subscriptions where none is named, with parameters as a signature has them: encoded, in the order of their names', () => {
    const { asked } = run('deliveries 15 parked', ['{ "data": [], "nextCursor": "next" }', '{ "data": [], "nextCursor": null }']);
    expect(asked.map(({ search }) => search.replace(/since=[\d-]+T\d\d%3A\d\d%3A[\d.]+Z/, 'since=THEN'))).toEqual([
      '?limit=100&since=THEN&status=parked',
      '?cursor=next&limit=100&since=THEN&status=parked',
    ]);
  });

  it.each(['{ "title": "Unauthorized", "status": 401 }', '<html>'])('shows what is no page, and ends: %s', (answer) => {
    const { printed, asked } = run('deliveries 15 parked 2>/dev/null || true', [answer]);
    expect(printed.trim()).toBe(answer);
    expect(asked).toHaveLength(1);
  });
});

describe('documents', () => {
  it('look for what is dead or parked no less far back than it can have been created', () => {
    const longestWaitMs = Math.max(...failureSchedule);
    // Of a pause (lib/subscriptions/pause-subscription.ts).
    const longestPauseMs = 7 * dayMs;
    const least: Readonly<Record<string, number>> = {
      dead: deliveryRetentionDays,
      parked: (deliveryLifetimeMs + longestPauseMs + longestWaitMs) / dayMs,
    };
    const calls = [...runbook.matchAll(/`deliveries (\d+) (\w+)/g)].map(([, days, status = '']) => [status, Number(days)]);
    expect(calls.length).toBeGreaterThanOrEqual(4);
    expect(calls).toEqual(calls.map(([status = '']) => [status, least[status]]));
  });

  it('send nobody to a list of what is dead or parked that goes back a day only', () => {
    const short = documents.flatMap(({ text }) => text.match(/\/deliveries\?[^\s`"]*status=(?:dead|parked)[^\s`"]*/g) ?? []);
    expect(short.filter((call) => !call.includes('since='))).toEqual([]);
  });

  it('name metrics by dimensions that they have', () => {
    const named = documents.flatMap(({ file, text }) =>
      [...text.matchAll(/((?:`[A-Z]\w+`(?:, | and |, and ))*`[A-Z]\w+`) by `(\w+)`/g)].flatMap(([, names = '', dimension = '']) =>
        [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ file, name, dimension })),
      ),
    );
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter(({ name, dimension }) => !metrics[name]?.dimensions.some((one) => one === dimension))).toEqual([]);
  });

  it('ask logs for fields that lines have', () => {
    const facts = /interface Facts \{([\s\S]*?)^\}/m.exec(readText('lib/telemetry/wide-line.ts'))?.[1] ?? '';
    const ofLines = [...facts.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name = '']) => name);
    const queries = documents.flatMap(({ text }) => [...text.matchAll(/^```text\n((?:stats|filter) [\s\S]*?)^```$/gm)].map(([, query = '']) => query)); // prettier-ignore
    const asked = queries.flatMap((query) => [...query.matchAll(/(?:sum|ispresent)\((\w+)\)| by (\w+)(?!\()\b/g)].map(([, inside, after = '']) => inside ?? after)); // prettier-ignore
    expect(asked.length).toBeGreaterThan(8);
    const known = [...ofLines, ...Object.keys(metrics), ...Object.values(metrics).flatMap(({ dimensions }) => dimensions)];
    expect(asked.filter((field) => !known.includes(field))).toEqual([]);
  });

  it('sum metrics by a dimension that they are written by', () => {
    const sums = documents.flatMap(({ text }) => [...text.matchAll(/^filter ispresent\((\w+)\) \| stats (.*) by \1$/gm)]);
    expect(sums.length).toBeGreaterThan(0);
    for (const [, dimension = '', stats = ''] of sums)
      for (const [, name = ''] of stats.matchAll(/sum\((\w+)\)/g)) expect(metrics[name]?.dimensions, name).toContain(dimension);
  });
});
