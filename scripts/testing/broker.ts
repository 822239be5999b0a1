import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaAvailability, startKafkaBroker } from '../../test/support/kafka-broker.ts';

export type Broker =
  | { readonly kind: 'running'; readonly brokers: string; readonly seconds: number; stop(): Promise<void> }
  /** Java or Maven is not on this machine. */
  | { readonly kind: 'missing'; readonly why: string }
  /** They are, and it did not start: that is a failure, not an excuse. */
  | { readonly kind: 'failed'; readonly why: string };

/** Starts one Kafka for all suites, with its data in a folder of its own that goes with it. Never throws. */
export async function startBroker(): Promise<Broker> {
  const startedAtMs = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), 'relay-test-kafka-'));
  const remove = (): void => {
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const availability = await kafkaAvailability();
    if (availability.kind === 'missing') {
      remove();
      return { kind: 'missing', why: availability.what };
    }
    const broker = await startKafkaBroker({ dataDir });
    return {
      kind: 'running',
      brokers: broker.brokers,
      seconds: (performance.now() - startedAtMs) / 1000,
      async stop() {
        await broker.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
}
