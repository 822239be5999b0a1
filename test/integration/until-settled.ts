import { Kafka, logLevel, type Admin } from 'kafkajs';
import { changeTopic } from '#lib/intake/change-log.ts';
import { eventually } from '../support/relay-client.ts';
import type { HookStream } from './hook-stream.ts';
import type { RelayOnKafka } from './relay-on-kafka.ts';

/** Longer than what is on the queue waits there while the relay works. */
const quietMs = 1_000;

/** Changes that went through the spool. */
export function spooledChanges(relay: RelayOnKafka): number {
  return sumOf(relay, 'receive-hook', 'spooled');
}

/** The ids of those that this stream sent. */
export function spooledIds({ accepted }: HookStream, relay: RelayOnKafka): Set<string> {
  const lines = relay.logLines('receive-hook').filter(({ spooled }) => spooled !== undefined);
  const requests = new Set(lines.map(({ traceparent }) => traceparent));
  return new Set(accepted.filter(({ traceparent }) => requests.has(traceparent)).map(({ id }) => id));
}

/**
 * Waits until nothing is on its way any more, so that what comes late and again is looked at too: all that was in the spool is on the
 * log, fan-out has read the log to its ends, and nothing has arrived for a second.
 */
export async function untilSettled(relay: RelayOnKafka, deadlineMs: number): Promise<void> {
  await eventually(
    () => ({ spooled: spooledChanges(relay), respooled: sumOf(relay, 'respool', 'records') }),
    ({ spooled, respooled }) => respooled >= spooled,
    { what: 'all that was in the spool on the log', deadlineMs, everyMs: 300 },
  );
  await withAdmin(relay, (admin) =>
    eventually(
      async () => ({ ends: await ends(admin), committed: await committed(admin) }),
      (offsets) => unreadRecords(offsets) === 0,
      { what: 'fan-out at the ends of the log', deadlineMs, everyMs: 300 },
    ),
  );
  const { received } = relay.receiver;
  let last = { count: -1, atMs: 0 };
  await eventually(
    () => {
      if (received.length !== last.count) last = { count: received.length, atMs: performance.now() };
      return performance.now() - last.atMs;
    },
    (silentMs) => silentMs >= quietMs,
    { what: 'a second without a webhook', deadlineMs },
  );
}

/** By partition. */
export type Offsets = ReadonlyMap<number, number>;

/** Where the group of fan-out reads on from; a partition it has committed nothing for is read from its beginning. */
export async function committed(admin: Admin): Promise<Offsets> {
  const groups = await admin.fetchOffsets({ groupId: 'fan-out', topics: [changeTopic] });
  return new Map(groups.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))])));
}

/** Behind the last records. */
export async function ends(admin: Admin): Promise<Offsets> {
  return new Map((await admin.fetchTopicOffsets(changeTopic)).map(({ partition, high }) => [partition, Number(high)]));
}

export function unreadRecords(offsets: { readonly ends: Offsets; readonly committed: Offsets }): number {
  return [...offsets.ends].reduce((sum, [partition, end]) => sum + end - (offsets.committed.get(partition) ?? 0), 0);
}

async function withAdmin<T>({ brokers }: RelayOnKafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Of one number in the log lines of one function. */
export function sumOf(relay: RelayOnKafka, name: string, fact: string): number {
  return relay.logLines(name).reduce((sum, line) => sum + Number(line[fact] ?? 0), 0);
}
