import { type MetricDefinition, metricDefinitions, type MetricDimension } from '#lib/telemetry/metric-names.ts';

const definitions = Object.values<MetricDefinition>(metricDefinitions);

/** Gauges are what sweep says in each minute, with or without traffic: a test holds them to what it writes. */
export const gauges = definitions.filter(({ kind }) => kind === 'gauge').length;

/** Metrics that traffic adds: each in total, and once for each value of its dimension: one org, all subscribers, hardly any code. */
export function metricsOfTraffic(subscribers: number): number {
  const by = (dimension: MetricDimension): number => definitions.filter(({ dimensions }) => dimensions.includes(dimension)).length;
  return definitions.length - gauges + by('Org') + by('Subscription') * subscribers;
}
