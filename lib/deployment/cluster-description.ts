/** What a deployment wants to know about a Kafka cluster. Implemented in lib/msk. */
export interface ClusterDescription {
  /** host:port, comma-separated, for IAM authentication; undefined when the cluster has none (yet). @throws RelayError CLUSTER_UNAVAILABLE */
  bootstrapBrokers(clusterArn: string): Promise<string | undefined>;
  /** Undefined when the cluster has no such topic. @throws RelayError CLUSTER_UNAVAILABLE */
  topic(clusterArn: string, name: string): Promise<DescribedTopic | undefined>;
}

export interface DescribedTopic {
  /** False while it is being made. */
  readonly ready: boolean;
  readonly partitions: number;
  readonly replication: number;
  /** Kafka's names and values, as far as the cluster says them. */
  readonly settings: Readonly<Record<string, string>>;
}
