import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { orgSchema } from '#lib/okta/org.ts';
import { countHookOutcome } from '#lib/telemetry/count-hook-outcome.ts';
import { metricDefinitions } from '#lib/telemetry/metric-names.ts';
import { emfMetrics } from '#lib/telemetry/metrics.ts';
import { wideLine } from '#lib/telemetry/middleware.ts';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';

const lines: Record<string, unknown>[] = [];
provideLogSink(() => undefined);
beforeEach(() => {
  lines.length = 0;
});
const now = () => new Date('2026-11-21T12:00:00.000Z');
const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
const metrics = (namespace: string | undefined = 'relay-test') => emfMetrics({ namespace, now, write });

const acme = orgSchema.parse({
  id: 'acme',
  hosts: ['acme.okta.com'],
  authentication: [{ kind: 'header', headerName: 'authorization', digests: ['0'.repeat(64)] }],
}).id;

describe('a flush', () => {
  it('writes what was counted in the form that CloudWatch reads, summed, in total and by its dimension', () => {
    const counting = metrics();
    counting.count('Accepted', 2, { Org: 'acme' });
    counting.count('Accepted', 1, { Org: 'acme' });
    counting.flush();
    expect(lines).toEqual([
      {
        _aws: {
          Timestamp: 1_795_262_400_000,
          CloudWatchMetrics: [{ Namespace: 'relay-test', Dimensions: [[], ['Org']], Metrics: [{ Name: 'Accepted', Unit: 'Count' }] }],
        },
        Org: 'acme',
        Accepted: 3,
      },
    ]);
  });

  it('writes a line for each value of a dimension, and one for what has none', () => {
    const counting = metrics();
    counting.count('Delivered', 1, { Subscription: 'sub_a' });
    counting.count('Delivered', 1, { Subscription: 'sub_b' });
    counting.count('Superseded');
    counting.flush();
    expect(lines).toMatchObject([{ Subscription: 'sub_a', Delivered: 1 }, { Subscription: 'sub_b', Delivered: 1 }, { Superseded: 1 }]);
    expect(lines[2]).not.toHaveProperty('Subscription');
  });

  it('leaves out a dimension that the metric is not written by: each value of one is billed', () => {
    const counting = metrics();
    counting.time('DeliveryLatencyMs', 120, { Subscription: 'sub_a', Org: 'acme' });
    counting.flush();
    expect(lines).toMatchObject([{ DeliveryLatencyMs: 120, _aws: { CloudWatchMetrics: [{ Dimensions: [[]] }] } }]);
    expect(JSON.stringify(lines)).not.toMatch(/sub_a|acme/);
  });

  it('keeps each duration, a hundred to a line', () => {
    const counting = metrics();
    for (let ms = 1; ms <= 250; ms += 1) counting.time('RemovalLatencyMs', ms);
    counting.count('Superseded', 7);
    counting.flush();
    const durations = lines.flatMap(({ RemovalLatencyMs }) => RemovalLatencyMs as number[]);
    expect(durations).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    expect(lines.map(({ RemovalLatencyMs }) => (RemovalLatencyMs as number[]).length)).toEqual([100, 100, 50]);
    expect(lines.filter((line) => 'Superseded' in line)).toHaveLength(1);
  });

  it('says the last value of a gauge, zero too, and no count of zero', () => {
    const counting = metrics();
    counting.count('OpenCircuits', 3);
    counting.count('OpenCircuits', 0);
    counting.count('Dead', 0);
    counting.flush();
    expect(lines).toMatchObject([{ OpenCircuits: 0 }]);
    expect(lines[0]).not.toHaveProperty('Dead');
  });

  it('leaves out what is no number, for CloudWatch would refuse the line', () => {
    const counting = metrics();
    counting.time('DeliveryLatencyMs', Number.NaN);
    counting.count('Delivered', Infinity);
    counting.flush();
    expect(lines).toEqual([]);
  });

  it('forgets what it wrote', () => {
    const counting = metrics();
    counting.count('Delivered');
    counting.flush();
    counting.flush();
    expect(lines).toHaveLength(1);
  });

  it('writes nothing without a namespace', () => {
    const counting = emfMetrics({ namespace: undefined, now, write });
    counting.count('Delivered');
    counting.flush();
    expect(lines).toEqual([]);
  });
});

it('gives every name of a duration and an age its unit', () => {
  for (const [name, { kind }] of Object.entries(metricDefinitions)) expect(name.endsWith('Ms'), name).toBe(kind === 'time');
});

describe('an invocation', () => {
  // middy and the line read nothing else of a context here.
  const context = () => ({ awsRequestId: 'r-1' }) as unknown as Context;

  it.each([
    ['ends', () => Promise.resolve('done')],
    ['fails', () => Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'away'))],
  ])('that %s writes what it counted', async (_, ending) => {
    const counting = metrics();
    const handler = middy()
      .use(wideLine('some-function', { now, level: 'error', metrics: counting }))
      .handler(() => {
        counting.count('Failed');
        return ending();
      });
    await handler({}, context()).catch(() => undefined);
    expect(lines.filter((line) => 'Failed' in line)).toHaveLength(1);
  });
});

describe('the outcome of a hook request', () => {
  const because = new RelayError('CHANGE_LOG_UNAVAILABLE', 'away');
  it.each([
    [
      'accepted',
      { kind: 'accepted', org: acme, events: 3, changes: 2, reasons: ['not-an-event-hook'], traceparent: '' },
      { Accepted: 2, Quarantined: 1 },
    ],
    [
      'spooled',
      { kind: 'accepted', org: acme, events: 1, changes: 1, reasons: [], traceparent: '', spooled: { because } },
      { Accepted: 1, Spooled: 1 },
    ],
    [
      'accepted from an event hook that nobody has confirmed',
      { kind: 'accepted', org: acme, events: 1, changes: 1, reasons: [], traceparent: '', unconfirmedHook: 'who2' },
      { Accepted: 1, UnconfirmedHook: 1 },
    ],
    ['repeated', { kind: 'repeated', org: acme }, { Repeated: 1 }],
    ['put aside as a whole', { kind: 'quarantined', org: acme, reason: 'not-json' }, { Quarantined: 1 }],
    ['refused', { kind: 'refused' }, { Refused4xx: 1 }],
    ['asked by another method', { kind: 'other-method', org: acme }, { Refused4xx: 1 }],
    ['unavailable', { kind: 'unavailable', error: because }, { Unavailable: 1 }],
    ['challenged', { kind: 'challenged', org: acme, verification: 'x' }, {}],
  ] as const)('%s is counted', (_, outcome, expected) => {
    const counting = metrics();
    countHookOutcome(counting, outcome);
    counting.flush();
    const counted = Object.fromEntries(lines.flatMap((line) => Object.entries(line).filter(([name]) => name in metricDefinitions)));
    expect(counted).toEqual(expected);
  });
});
