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
} as const;
