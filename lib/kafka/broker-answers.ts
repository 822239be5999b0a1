import { kafkaClient } from './client.ts';

/** Whether a broker on this machine answers a metadata request now. Never throws. */
export async function brokerAnswers(broker: string): Promise<boolean> {
  const client = kafkaClient(
    { brokers: [broker], auth: 'none', region: '', clientId: 'okta-event-relay-ready' },
    { connectTimeoutMs: 500, requestTimeoutMs: 1_000, retries: 0, retryWaitMs: 1 },
  );
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    // Not listening yet, or not ready to answer: both are the answer `no`.
    return false;
  } finally {
    client.cut();
  }
}
