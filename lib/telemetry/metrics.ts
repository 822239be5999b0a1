import { type MetricDefinition, metricDefinitions, type MetricDimension, type MetricName } from './metric-names.ts';
import type { WriteLine } from './wide-line.ts';

/** Values of dimensions: our own short names, never something a sender chose. Those that a metric is not written by are left out. */
export type MetricDimensions = Readonly<Partial<Record<MetricDimension, string | undefined>>>;

/** What an invocation counts. Nothing is written before `flush`; the `wideLine` middleware flushes at the end of an invocation. */
export interface Metrics {
  /** Adds to a count (a zero adds nothing), or says the value of a gauge (a zero is one). */
  count(name: MetricName, value?: number, dimensions?: MetricDimensions): void;
  /** One more duration, in milliseconds. */
  time(name: MetricName, ms: number, dimensions?: MetricDimensions): void;
  /** Writes what was counted since the last flush, and forgets it. */
  flush(): void;
}

/** CloudWatch reads at most this many values of one metric from one line. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
const maxValues = 100;

type Values = Map<MetricName, number[]>;
interface Group {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: Values;
}

/**
 * Metrics as lines of the log, in CloudWatch's Embedded Metric Format: one line per combination of dimensions, each counted in
 * total as well. Without a namespace nothing is written, which is what local mode wants. Numbers that are none (NaN, infinite) are
 * left out: CloudWatch would refuse the whole line.
 */
export function emfMetrics(options: {
  readonly namespace: string | undefined;
  readonly now: () => Date;
  readonly write: WriteLine;
}): Metrics {
  const groups = new Map<string, Group>();

  function add(name: MetricName, value: number, given: MetricDimensions): void {
    if (options.namespace === undefined || !Number.isFinite(value)) return;
    const { kind } = metricDefinitions[name];
    if (kind === 'count' && value === 0) return;
    const { values } = groupOf(groups, dimensionsOf(name, given));
    const [before, ...more] = values.get(name) ?? [];
    if (before === undefined || kind === 'gauge') values.set(name, [value]);
    else values.set(name, kind === 'count' ? [before + value] : [before, ...more, value]);
  }

  return {
    count: (name, value = 1, dimensions = {}) => {
      add(name, value, dimensions);
    },
    time: (name, ms, dimensions = {}) => {
      add(name, ms, dimensions);
    },
    flush() {
      const { namespace } = options;
      if (namespace === undefined) return;
      const timestamp = options.now().getTime();
      for (const group of groups.values())
        for (const values of inLines(group.values)) options.write(emfLine({ namespace, timestamp, dimensions: group.dimensions, values }));
      groups.clear();
    },
  };
}

function dimensionsOf(name: MetricName, given: MetricDimensions): Record<string, string> {
  const { dimensions }: MetricDefinition = metricDefinitions[name];
  return Object.fromEntries(
    dimensions.flatMap((dimension) => {
      const value = given[dimension];
      return value === undefined || value === '' ? [] : [[dimension, value]];
    }),
  );
}

function groupOf(groups: Map<string, Group>, dimensions: Record<string, string>): Group {
  const key = JSON.stringify(dimensions);
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group: Group = { dimensions, values: new Map() };
  groups.set(key, group);
  return group;
}

/** What does not fit on one line goes on the next. */
function inLines(values: Values): Values[] {
  const lines = Math.ceil(Math.max(...[...values.values()].map(({ length }) => length)) / maxValues);
  return Array.from({ length: lines }, (_, line) => {
    const cut = [...values].map(([name, all]) => [name, all.slice(line * maxValues, (line + 1) * maxValues)] as const);
    return new Map(cut.filter(([, part]) => part.length > 0));
  });
}

function emfLine(line: { namespace: string; timestamp: number; dimensions: Readonly<Record<string, string>>; values: Values }): string {
  const names = Object.keys(line.dimensions);
  const directive = {
    Namespace: line.namespace,
    // The empty set is the total.
    Dimensions: names.length === 0 ? [[]] : [[], names],
    Metrics: [...line.values.keys()].map((name) => ({ Name: name, Unit: unitOf(name) })),
  };
  const values = [...line.values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  return JSON.stringify({
    _aws: { Timestamp: line.timestamp, CloudWatchMetrics: [directive] },
    ...line.dimensions,
    ...(Object.fromEntries(values) as object),
  });
}

function unitOf(name: MetricName): 'Milliseconds' | 'Seconds' | 'Count' {
  if (metricDefinitions[name].kind === 'time') return 'Milliseconds';
  return name.endsWith('Seconds') ? 'Seconds' : 'Count';
}
