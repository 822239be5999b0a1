import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeLog, ChangeLogFeed, ChangeRecord, Consumption, LogRecord, ResumePoints } from '#lib/intake/change-log.ts';

export interface ChangeLogUnderTest {
  readonly log: ChangeLog;
  readonly feed: ChangeLogFeed;
  /** Lets go of everything and opens it anew, as a new process would. */
  reopen(): Promise<ChangeLogUnderTest>;
  close(): Promise<void>;
}

/**
 * What the ports ChangeLog and ChangeLogFeed promise, for every implementation.
 * @param open an empty log with 12 partitions
 */
export function changeLogContract(name: string, open: () => Promise<ChangeLogUnderTest>): void {
  describe(`ChangeLog × ${name}`, () => {
    let subject: ChangeLogUnderTest;
    let consumptions: Consumption[];
    const patient = { budgetMs: 10_000 };
    const groupId = 'readers';

    beforeEach(async () => {
      subject = await open();
      consumptions = [];
    });
    afterEach(async () => {
      await Promise.all(consumptions.map((consumption) => consumption.stop()));
      await subject.close();
    });

    /** Consumes with `handle` until `enough` of all records handled so far says so; the consumption goes on until the test ends. */
    async function consumeUntil(
      enough: (seen: readonly LogRecord[]) => boolean,
      options: { groupId?: string; maxRecords?: number; handle?: (records: readonly LogRecord[]) => Promise<ResumePoints> } = {},
    ): Promise<{ seen: LogRecord[]; stop(): Promise<void> }> {
      const seen: LogRecord[] = [];
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const consumption = await subject.feed.consume({
        groupId: options.groupId ?? groupId,
        maxRecords: options.maxRecords ?? 100,
        async handle(records) {
          seen.push(...records);
          try {
            return (await options.handle?.(records)) ?? new Map();
          } finally {
            if (enough(seen)) resolve(undefined);
          }
        },
      });
      consumptions.push(consumption);
      await promise;
      return {
        seen,
        stop: async () => {
          consumptions = consumptions.filter((one) => one !== consumption);
          await consumption.stop();
        },
      };
    }

    const count = (expected: number) => (seen: readonly LogRecord[]) => seen.length >= expected;
    const distinct = (expected: number) => (seen: readonly LogRecord[]) => new Set(seen.map(place)).size >= expected;

    it('[port: ChangeLog] hands over keys, values and headers byte for byte, in the topic they were appended to', async () => {
      const records = [
        record('plain', 'value', { ce_id: 'a', ce_type: 'identity.user.created', 'content-type': 'application/cloudevents+json' }),
        record('ключ:ユーザー', Buffer.from([0, 255, 128, 10, 13]), { ä: 'ß ✓', empty: '' }),
        record('empty value', Buffer.alloc(0)),
        record('', 'the empty key'),
        record('large', Buffer.alloc(256 * 1024, 'x')),
      ];
      await subject.log.append(records, patient);
      const { seen } = await consumeUntil(count(records.length));
      for (const { key, value, headers } of records) {
        const found = seen.find((one) => text(one.key) === key)!;
        expect(Buffer.compare(Buffer.from(found.value!), Buffer.from(value))).toBe(0);
        expect(Object.fromEntries(found.headers.map((header) => [header.name, text(header.value)]))).toEqual(headers);
        expect(found.topic).toBe(seen[0]!.topic);
      }
    });

    it('[port: ChangeLog] puts each key into the partition that Kafka’s Java client gives it', async () => {
      // (murmur2(key) & 0x7fffffff) % 12, with the hashes that Kafka's own UtilsTest lists for these keys.
      const expected = {
        '21': 0,
        foobar: 6,
        'a-little-bit-long-string': 8,
        'a-little-bit-longer-string': 11,
        lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: 5,
        abc: 3,
      };
      await subject.log.append(
        Object.keys(expected).map((key) => record(key, key)),
        patient,
      );
      const { seen } = await consumeUntil(count(6));
      expect(Object.fromEntries(seen.map((one) => [text(one.key), one.partition]))).toEqual(expected);
    });

    it('[port: ChangeLog] keeps the order of each key, over appends and within one, with offsets that count up by one', async () => {
      for (let round = 0; round < 10; round += 1) await subject.log.append(numbered(round * 30, 30, 7), patient);
      const { seen } = await consumeUntil(count(300));
      for (const [, values] of Map.groupBy(seen, (one) => text(one.key)))
        expect(values.map(number)).toEqual(values.map(number).toSorted((a, b) => a - b));
      for (const [, list] of Map.groupBy(seen, (one) => one.partition)) {
        expect(list.map((one) => one.offset)).toEqual(list.map((_, index) => index));
      }
      expect(new Set(seen.map(number)).size).toBe(300);
    });

    it('[port: ChangeLog] keeps the order of appends that were begun one after the other and run at once', async () => {
      await Promise.all(Array.from({ length: 200 }, (_, index) => subject.log.append([record('one key', String(index))], patient)));
      const { seen } = await consumeUntil(count(200));
      expect(seen.map(number)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    });

    it('[port: ChangeLog] takes more in one append than fits into one batch', async () => {
      const records = Array.from({ length: 12 }, (_, index) => record(`key ${index % 3}`, Buffer.alloc(250 * 1024, `${index};`)));
      await subject.log.append(records, { budgetMs: 20_000 });
      const { seen } = await consumeUntil(count(12));
      for (const { key } of records) {
        const values = seen.filter((one) => text(one.key) === key).map((one) => Number(text(one.value).split(';')[0]));
        expect(values).toEqual(values.toSorted((a, b) => a - b));
        expect(values).toHaveLength(4);
      }
    });

    it('[port: ChangeLog] takes an append of nothing', async () => {
      await subject.log.append([], patient);
      await subject.log.append([record('a', '0')], patient);
      expect((await consumeUntil(count(1))).seen).toHaveLength(1);
    });

    it('[port: ChangeLog] gives times that do not run backwards in a partition', async () => {
      const before = Date.now();
      for (let index = 0; index < 5; index += 1) await subject.log.append([record('a', String(index))], patient);
      const times = (await consumeUntil(count(5))).seen.map((one) => one.timestampMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeGreaterThanOrEqual(before - 1_000);
      expect(times[4]).toBeLessThanOrEqual(Date.now() + 1_000);
    });

    it('[port: ChangeLog] still has what was appended when it is opened again, and goes on counting', async () => {
      await subject.log.append(numbered(0, 40, 5), patient);
      subject = await subject.reopen();
      await subject.log.append(numbered(40, 40, 5), patient);
      const { seen } = await consumeUntil(count(80));
      for (const [, list] of Map.groupBy(seen, (one) => one.partition))
        expect(list.map((one) => one.offset)).toEqual(list.map((_, index) => index));
      for (const [, values] of Map.groupBy(seen, (one) => text(one.key)))
        expect(values.map(number)).toEqual(values.map(number).toSorted((a, b) => a - b));
    });

    it('[port: ChangeLog] lets a group go on where it stopped, also after it is opened again', async () => {
      await subject.log.append(numbered(0, 50, 5), patient);
      await (await consumeUntil(count(50))).stop();
      subject = await subject.reopen();
      await subject.log.append(numbered(50, 20, 5), patient);
      const { seen } = await consumeUntil(count(20));
      expect(seen.map(number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => 50 + index));
    });

    it('[port: ChangeLog] gives every group all records, whatever another group does', async () => {
      await subject.log.append(numbered(0, 30, 5), patient);
      const failing = consumeUntil(count(30), { groupId: 'failing', handle: () => Promise.reject(new Error('not now')) });
      const { seen } = await consumeUntil(count(30), { groupId: 'another' });
      expect(new Set(seen.map(number)).size).toBe(30);
      await failing;
    });

    it('[port: ChangeLog] gives no more records at once than asked for', async () => {
      const sizes: number[] = [];
      await subject.log.append(numbered(0, 100, 9), patient);
      await consumeUntil(count(100), {
        maxRecords: 7,
        handle: (records) => {
          sizes.push(records.length);
          return Promise.resolve(new Map());
        },
      });
      expect(Math.max(...sizes)).toBeLessThanOrEqual(7);
    });

    it('[port: ChangeLog] puts several partitions into one batch when they have records', async () => {
      await subject.log.append(numbered(0, 60, 20), patient);
      const partitionCounts: number[] = [];
      await consumeUntil(count(60), {
        handle: (records) => {
          partitionCounts.push(new Set(records.map((one) => one.partition)).size);
          return Promise.resolve(new Map());
        },
      });
      expect(Math.max(...partitionCounts)).toBeGreaterThan(1);
    });

    it('[port: ChangeLog] reads a partition again from its resume point, and no other', async () => {
      await subject.log.append(numbered(0, 60, 12), patient);
      let resumed: { partition: number; offset: number } | undefined;
      const { seen } = await consumeUntil(
        (all) => distinct(60)(all) && resumed !== undefined && all.filter((one) => isAt(one, resumed!)).length >= 2,
        {
          handle: (records) => {
            const inPartition = Map.groupBy(records, (one) => one.partition);
            const chosen = [...inPartition.values()].find((list) => list.length >= 3);
            if (resumed !== undefined || chosen === undefined) return Promise.resolve(new Map());
            resumed = { partition: chosen[2]!.partition, offset: chosen[2]!.offset };
            return Promise.resolve(new Map([[resumed.partition, resumed.offset]]));
          },
        },
      );
      const repeated = [...Map.groupBy(seen, place).values()].filter((list) => list.length > 1).map((list) => list[0]!);
      expect(repeated.length).toBeGreaterThan(0);
      for (const one of repeated) {
        expect(one.partition).toBe(resumed!.partition);
        expect(one.offset).toBeGreaterThanOrEqual(resumed!.offset);
      }
    });

    it('[port: ChangeLog] goes on with other partitions while one stays at its resume point, and comes back to it for ever', async () => {
      await subject.log.append(numbered(0, 60, 12), patient);
      let stuck: number | undefined;
      let tries = 0;
      const { seen } = await consumeUntil(() => tries > 20, {
        maxRecords: 10,
        handle: (records) => {
          stuck ??= records[0]!.partition;
          const first = records.find((one) => one.partition === stuck);
          if (first !== undefined) tries += 1;
          return Promise.resolve(first === undefined ? new Map() : new Map([[first.partition, first.offset]]));
        },
      });
      const { seen: all } = await consumeUntil(count(60), { groupId: 'another' });
      const expected = all.filter((one) => one.partition !== stuck).map(place);
      expect(
        seen
          .filter((one) => one.partition !== stuck)
          .map(place)
          .toSorted(),
      ).toEqual(expected.toSorted());
    });

    it('[port: ChangeLog] reads every partition of a batch again when handling throws, as often as it throws', async () => {
      await subject.log.append(numbered(0, 30, 6), patient);
      let failures = 0;
      let done = 0;
      const { seen } = await consumeUntil(() => done === 30, {
        handle: (records) => {
          if (failures < 4) {
            failures += 1;
            return Promise.reject(new Error('not now'));
          }
          done += records.length;
          return Promise.resolve(new Map());
        },
      });
      expect(new Set(seen.map(place)).size).toBe(30);
      expect(seen.length).toBeGreaterThan(30);
      for (const [, list] of Map.groupBy(seen, (one) => one.partition))
        expect(list.at(-1)!.offset).toBe(Math.max(...list.map((one) => one.offset)));
    });

    it('[port: ChangeLog] takes a resume point that names nothing in the batch for a failure', async () => {
      await subject.log.append([record('a', '0')], patient);
      let calls = 0;
      const { seen } = await consumeUntil(count(2), {
        handle: (records) => {
          calls += 1;
          return Promise.resolve(calls === 1 ? new Map([[records[0]!.partition, 99]]) : new Map());
        },
      });
      expect(seen.map(number)).toEqual([0, 0]);
    });

    it('[port: ChangeLog] commits up to a resume point: a new consumer of the group starts there', async () => {
      const key = 'same';
      await subject.log.append(
        Array.from({ length: 10 }, (_, index) => record(key, String(index))),
        patient,
      );
      await (
        await consumeUntil(count(10), {
          handle: (records) => Promise.resolve(new Map([[records[0]!.partition, Math.max(4, records[0]!.offset)]])),
        })
      ).stop();
      subject = await subject.reopen();
      const { seen } = await consumeUntil(count(6));
      expect(seen.map(number)).toEqual([4, 5, 6, 7, 8, 9]);
    });

    it('[port: ChangeLog] never handles a partition twice at once', async () => {
      const inHand = new Set<number>();
      const clashes: number[] = [];
      const appended = Array.from({ length: 10 }, (_, round) => subject.log.append(numbered(round * 20, 20, 12), patient));
      await consumeUntil(distinct(200), {
        maxRecords: 5,
        handle: async (records) => {
          const partitions = new Set(records.map((one) => one.partition));
          clashes.push(...[...partitions].filter((partition) => inHand.has(partition)));
          for (const partition of partitions) inHand.add(partition);
          await new Promise((resolve) => setImmediate(resolve));
          for (const partition of partitions) inHand.delete(partition);
          return new Map();
        },
      });
      await Promise.all(appended);
      expect(clashes).toEqual([]);
    });

    it('[port: ChangeLog] stops after the batch in hand and has committed it', async () => {
      await subject.log.append(numbered(0, 10, 1), patient);
      const begun = Promise.withResolvers<undefined>();
      const release = Promise.withResolvers<undefined>();
      const handled: number[] = [];
      const consumption = await subject.feed.consume({
        groupId,
        maxRecords: 4,
        async handle(records) {
          begun.resolve(undefined);
          await release.promise;
          handled.push(...records.map(number));
          return new Map();
        },
      });
      await begun.promise;
      const stopped = consumption.stop();
      release.resolve(undefined);
      await stopped;
      expect(handled).toEqual([0, 1, 2, 3]);
      subject = await subject.reopen();
      const { seen } = await consumeUntil(count(6));
      expect(seen.map(number)).toEqual([4, 5, 6, 7, 8, 9]);
    });

    it('[port: ChangeLog] hands over what is appended while it waits', async () => {
      const arrived = consumeUntil(count(1));
      await subject.log.append([record('a', '7')], patient);
      expect((await arrived).seen.map(number)).toEqual([7]);
    });

    it('[port: ChangeLog] fails with CHANGE_LOG_UNAVAILABLE, and writes nothing, when there is no time at all', async () => {
      await expect(subject.log.append([record('a', '0')], { budgetMs: 0 })).rejects.toMatchObject({ code: 'CHANGE_LOG_UNAVAILABLE' });
      await subject.log.append([record('a', '1')], patient);
      expect((await consumeUntil(count(1))).seen.map(number)).toEqual([1]);
    });
  });
}

function record(key: string, value: string | Buffer, headers: Record<string, string> = {}): ChangeRecord {
  return { key, value: Buffer.from(value), headers };
}

/** `amount` records with values counting up from `first`, dealt to `keys` keys. */
function numbered(first: number, amount: number, keys: number): ChangeRecord[] {
  return Array.from({ length: amount }, (_, index) => record(`key ${(first + index) % keys}`, String(first + index)));
}

function text(bytes: Uint8Array | null): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}

function number(one: LogRecord): number {
  return Number(text(one.value));
}

function place(one: LogRecord): string {
  return `${one.partition}:${one.offset}`;
}

function isAt(one: LogRecord, at: { partition: number; offset: number }): boolean {
  return one.partition === at.partition && one.offset === at.offset;
}
