/** Every SQS queue of the relay, as data, for local mode and the CDK stack. Imports nothing. */
export const queues = {
  deliveries: {
    name: 'deliveries.fifo',
    /** The deliver function's own limit. */
    functionTimeoutSeconds: 60,
    /** AWS asks for six times the function's timeout. */
    visibilityTimeoutSeconds: 360,
    /** SQS's longest: 14 days. */
    retentionSeconds: 1_209_600,
    batchSize: 10,
  },
  /**
   * Changes that Kafka could not take. It must have no dead-letter queue: during an outage of Kafka every try counts as a receive,
   * and a limit on those would throw good changes out of their order. What cannot be read goes to quarantine.
   */
  changeSpool: {
    name: 'change-spool.fifo',
    /** The respool function's own limit. */
    functionTimeoutSeconds: 30,
    visibilityTimeoutSeconds: 180,
    retentionSeconds: 1_209_600,
    batchSize: 10,
  },
  /**
   * Replays to be worked, a message each. No dead-letter queue: each time a replay goes on after its function's time was up is a
   * receive. What cannot go on for a fault of its own is marked failed, and the log's retention ends all others.
   */
  replays: {
    name: 'replays.fifo',
    /** The replay function's own limit. */
    functionTimeoutSeconds: 300,
    visibilityTimeoutSeconds: 1_800,
    retentionSeconds: 1_209_600,
    /** A replay may need all of an invocation. */
    batchSize: 1,
  },
  /** What replays send again, in groups of its own, so that no live lane waits behind it. Worked by deliver too. */
  replayDeliveries: {
    name: 'replay-deliveries.fifo',
    functionTimeoutSeconds: 60,
    visibilityTimeoutSeconds: 360,
    retentionSeconds: 1_209_600,
    batchSize: 10,
  },
} as const;
