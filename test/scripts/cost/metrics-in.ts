interface Embedded {
  readonly _aws: { readonly CloudWatchMetrics: readonly { readonly Metrics: readonly { readonly Name: string }[] }[] };
}

/** Names of the metrics that CloudWatch finds in lines of the embedded metric format. */
export function metricsIn(lines: readonly string[]): string[] {
  const written = lines.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line) as Embedded);
  const names = written.flatMap(({ _aws }) => _aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name)));
  return [...new Set(names)].sort();
}
