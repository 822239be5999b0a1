/** Where Kafka is and how one gets in. */
export interface KafkaConnection {
  /** Bootstrap brokers, `host:port`. */
  readonly brokers: readonly string[];
  /** `iam`: TLS and MSK IAM. `none`: plain text, for a broker on this machine. */
  readonly auth: 'iam' | 'none';
  /** AWS region that IAM tokens are signed for. */
  readonly region: string;
  readonly clientId: string;
  /** Hears what kafkajs has to say, warnings and worse. Without it nobody does: failures are reported where they matter. */
  readonly logSink?: KafkaLogSink;
}

/** Messages name brokers, topics and protocol errors; never keys, values or credentials. */
export type KafkaLogSink = (entry: { readonly level: 'warn' | 'error'; readonly message: string }) => void;
