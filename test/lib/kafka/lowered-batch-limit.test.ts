import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRelayError } from '#lib/errors.ts';
import type { Appended } from '#lib/intake/appender.ts';
import type { ChangeRecord } from '#lib/intake/change-log.ts';
import { respool } from '#lib/intake/respool.ts';
import { spoolMessages, type SpoolMessage } from '#lib/intake/spool-message.ts';
import { spoolingAppender } from '#lib/intake/spooling-appender.ts';
import { TimeBudget } from '#lib/intake/time-budget.ts';
import { ensureTopics } from '#lib/kafka/ensure-topics.ts';
import { kafkaChangeLog, type KafkaChangeLog } from '#lib/kafka/kafka-change-log.ts';
import { topics } from '#lib/kafka/topics.ts';
import { noKafka, sharedKafkaBrokers } from '../../support/kafka-broker.ts';
import { eventually } from '../../support/relay-client.ts';
import { InMemoryQuarantine } from '../intake/in-memory-ports.ts';
import { InMemoryChangeSpool } from '../intake/spool-in-memory.ts';
import { idsOf, recordOf } from '../intake/spool-records.ts';
import { readUntil } from './read-until.ts';

const brokers = sharedKafkaBrokers();
const now = () => new Date();
/** Far below what the relay counts on: somebody has lowered it. */
const maxBatchBytes = 20_000;
const title = `the relay on a topic whose batch limit was lowered${brokers === undefined ? ` (${noKafka})` : ''}`;

describe.skipIf(brokers === undefined)(title, () => {
  let topic: string;
  let log: KafkaChangeLog;
  let quarantine: InMemoryQuarantine;
  beforeEach(async () => {
    topic = `lowered.${randomUUID()}`;
    const connection = { brokers: [brokers![0]!], auth: 'none' as const, region: 'us-east-1', clientId: 'test' };
    await ensureTopics(connection, { [topic]: { ...topics['identity.changes.v1'], partitions: 2, maxBatchBytes } });
    log = kafkaChangeLog({ ...connection, topic });
    quarantine = new InMemoryQuarantine();
  });
  afterEach(async () => {
    await log.disconnect();
  });

  const padded = (user: string, id: string, bytes: number) => recordOf(user, id, { padding: 'x'.repeat(bytes) });
  const respooled = (messages: readonly SpoolMessage[]) =>
    respool(
      { log, quarantine, now, visibility: { change: () => Promise.resolve() } },
      messages.map(({ body, groupId }, index) => ({ messageId: `m-${index}`, receiptHandle: `h-${index}`, groupId, body })),
      () => 30_000,
    );

  /** Ids by key in the order of their first arrival, once all of `expected` are there. */
  async function firstsInTopic(expected: readonly ChangeRecord[]): Promise<Record<string, string[]>> {
    const idOf = (value: Uint8Array | null): string => (JSON.parse(Buffer.from(value!).toString()) as { id: string }).id;
    const records = await readUntil(brokers![0]!, topic, (all) => {
      const seen = new Set(all.map(({ value }) => idOf(value)));
      return idsOf(expected).every((id) => seen.has(id));
    });
    const groups = Map.groupBy(records, ({ key }) => Buffer.from(key!).toString());
    return Object.fromEntries([...groups].map(([key, ofKey]) => [key, [...new Set(ofKey.map(({ value }) => idOf(value)))]]));
  }

  it('puts everything that fits back from the spool, each key in order, and only what does not into quarantine', async () => {
    const ana = [padded('ana', 'a1', 9_000), padded('ana', 'a2', 9_000), padded('ana', 'a3', 30_000), padded('ana', 'a4', 9_000)];
    const ben = [padded('ben', 'b1', 10), padded('ben', 'b2', 19_000), padded('ben', 'b3', 19_000)];
    const later = [padded('ana', 'a5', 100)];
    const report = await respooled([...spoolMessages([...ana, ...ben]), ...spoolMessages(later)]);

    expect(report).toMatchObject({ failures: [], records: 7, quarantined: 1, errors: [{ code: 'CHANGES_TOO_LARGE' }] });
    expect([...quarantine.entries.values()]).toMatchObject([{ org: 'acme', reason: 'change-too-large', body: ana[2]?.value }]);
    expect(await firstsInTopic([...ben, ...later])).toEqual({ 'acme:ana': ['a1', 'a2', 'a4', 'a5'], 'acme:ben': ['b1', 'b2', 'b3'] });
  });

  it('takes a hook request that is refused as a whole by the spool, the next one directly, and loses nothing', async () => {
    await log.connect();
    const together = ['a1', 'a2', 'a3'].map((id) => padded('ana', id, 9_000));
    const next = padded('ben', 'b1', 10);
    const { whole, after, spool } = await eventually(
      async () => {
        const tried = new InMemoryChangeSpool();
        const appender = spoolingAppender({ log, spool: tried, now });
        const request = (records: readonly ChangeRecord[]) =>
          appender.append(records, new TimeBudget({ endsAtMs: Date.now() + 2_300, now }));
        return { whole: await request(together), after: await request([next]), spool: tried };
      },
      // A broker that a busy machine keeps from answering in time says nothing about sizes.
      (answers) => ![answers.whole, answers.after].some(isOutOfTime),
      { what: 'two answers for which the log had the time' },
    );

    expect(whole).toMatchObject({ kind: 'spooled', because: { code: 'CHANGES_TOO_LARGE' } });
    expect(after).toEqual({ kind: 'logged' });
    expect(await respooled(spool.messages)).toMatchObject({ failures: [], records: 3, quarantined: 0 });

    expect(await firstsInTopic([...together, next])).toEqual({ 'acme:ana': ['a1', 'a2', 'a3'], 'acme:ben': ['b1'] });
  });
});

function isOutOfTime(appended: Appended): boolean {
  return appended.kind === 'spooled' && isRelayError(appended.because, 'CHANGE_LOG_UNAVAILABLE');
}
