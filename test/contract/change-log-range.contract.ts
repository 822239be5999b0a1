import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeLogRange, PartitionRange } from '#lib/intake/change-log-range.ts';
import type { ChangeLog, LogRecord } from '#lib/intake/change-log.ts';
import { eventually } from '../support/relay-client.ts';

export interface RangeUnderTest {
  readonly log: ChangeLog;
  readonly range: ChangeLogRange;
  close(): Promise<void>;
}

const keys = Array.from({ length: 30 }, (_, index) => `acme:user-${index}`);
const title = (claim: string) => `[port: ChangeLogRange] ${claim}`;

/** What lib/intake/change-log-range.ts promises, of any implementation. `open` answers an empty log. */
export function changeLogRangeContract(name: string, open: () => Promise<RangeUnderTest>): void {
  describe(`ChangeLogRange × ${name}`, () => {
    let under: RangeUnderTest;
    /** The records of each round, as the log has them. */
    const rounds: LogRecord[][] = [];
    /** A moment at which no record was appended, before each round and after the last one. */
    const between: Date[] = [];

    beforeAll(async () => {
      under = await open();
      for (let round = 0; round < 3; round += 1) {
        between.push(await aQuietMoment());
        await under.log.append(
          keys.map((key) => ({ key, value: Buffer.from(JSON.stringify({ key, round })), headers: { ce_id: `${key}-${round}` } })),
          { budgetMs: 10_000 },
        );
      }
      between.push(await aQuietMoment());
      const all = await readAll(await under.range.locate({ from: new Date(0), to: at(3) }));
      for (let round = 0; round < 3; round += 1) rounds.push(all.filter(({ value }) => textOf(value).endsWith(`:${round}}`)));
    }, 60_000);
    afterAll(() => under.close());

    const at = (moment: number): Date => between[moment] as Date;
    async function readAll(ranges: readonly PartitionRange[], maxRecords = 7): Promise<LogRecord[]> {
      const found: LogRecord[] = [];
      for (const range of ranges) {
        const handle = (records: readonly LogRecord[]): Promise<'more'> => {
          expect(records.length).toBeLessThanOrEqual(maxRecords);
          found.push(...records);
          return Promise.resolve('more');
        };
        expect(await under.range.read(range, { maxRecords, handle })).toBe('all');
      }
      return found;
    }

    it(title('finds a range for every partition, and reads all of it in offset order'), () => {
      const all = rounds.flat();
      expect(all).toHaveLength(90);
      for (const records of Map.groupBy(all, ({ partition }) => partition).values()) {
        const offsets = records.map(({ offset }) => offset);
        expect(offsets.toSorted((a, b) => a - b)).toEqual(Array.from({ length: offsets.length }, (_, index) => index));
      }
      expect(all[0]?.headers.map((header) => header.name)).toEqual(['ce_id']);
    });

    it(title('cuts a window by the time of appending'), async () => {
      const ranges = await under.range.locate({ from: at(1), to: at(2) });
      expect(ranges.map(({ partition }) => partition)).toEqual(ranges.map((_, index) => index));
      expect(namesOf(await readAll(ranges))).toEqual(namesOf(rounds[1] ?? []));
    });

    it(title('has a record in the window that begins with its time, and not in the one that ends there'), async () => {
      const [one] = rounds[1] ?? [];
      const moment = new Date(one?.timestampMs ?? 0);
      expect(namesOf(await readAll(await under.range.locate({ from: moment, to: at(2) })))).toContain(namesOf([one as LogRecord])[0]);
      expect(namesOf(await readAll(await under.range.locate({ from: at(1), to: moment })))).not.toContain(namesOf([one as LogRecord])[0]);
    });

    it(title('finds nothing where nothing was appended'), async () => {
      const ranges = await under.range.locate({ from: at(3), to: new Date(at(3).getTime() + 1) });
      expect(ranges.every(({ start, end }) => start === end)).toBe(true);
      expect(await readAll(ranges)).toEqual([]);
    });

    it(title('reads the same again, and on from any offset'), async () => {
      const ranges = await under.range.locate({ from: at(0), to: at(2) });
      const twice = [await readAll(ranges), await readAll(ranges)];
      expect(namesOf(twice[0] ?? [])).toEqual(namesOf(twice[1] ?? []));
      const late = ranges.map((range) => ({ ...range, start: Math.min(range.start + 2, range.end) }));
      expect(namesOf(await readAll(late))).toEqual(namesOf((twice[0] ?? []).filter(({ offset }) => offset >= 2)));
    });

    it(title('stops when the handler has enough'), async () => {
      const range = (await under.range.locate({ from: at(0), to: at(3) })).find(({ start, end }) => end - start >= 6) as PartitionRange;
      const seen: number[] = [];
      const handle = (records: readonly LogRecord[]): Promise<'more' | 'enough'> => {
        seen.push(...records.map(({ offset }) => offset));
        return Promise.resolve(seen.length >= 4 ? 'enough' : 'more');
      };
      expect(await under.range.read(range, { maxRecords: 2, handle })).toBe('enough');
      expect(seen).toEqual([0, 1, 2, 3]);
    });

    it(title('hands on what the handler throws, and can be read again'), async () => {
      const range = (await under.range.locate({ from: at(0), to: at(3) })).find(({ start, end }) => end > start) as PartitionRange;
      const trouble = new Error('the queue is away');
      await expect(under.range.read(range, { maxRecords: 5, handle: () => Promise.reject(trouble) })).rejects.toBe(trouble);
      expect(await readAll([range])).toHaveLength(range.end - range.start);
    });

    it(title('opens anew after it was closed'), async () => {
      await under.range.close();
      expect(namesOf(await readAll(await under.range.locate({ from: at(2), to: at(3) })))).toEqual(namesOf(rounds[2] ?? []));
    });
  });
}

const textOf = (value: Uint8Array | null): string => Buffer.from(value ?? []).toString('utf8');
const namesOf = (records: readonly LogRecord[]): string[] => records.map(({ value }) => textOf(value));

/** A millisecond that ends before anything after it is appended, and began after everything before it was. */
async function aQuietMoment(): Promise<Date> {
  const wait = (ms: number) =>
    eventually(
      () => Date.now(),
      (now) => now > ms,
      { what: 'the next millisecond', everyMs: 1 },
    );
  const moment = await wait(Date.now() + 1);
  await wait(moment + 1);
  return new Date(moment);
}
