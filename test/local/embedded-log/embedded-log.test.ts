import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeRecord, LogRecord } from '#lib/intake/change-log.ts';
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from '../../../local/embedded-log/embedded-log.ts';

const topic = 'identity.changes.v1';

describe('openEmbeddedLog', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'relay-embedded-log-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const open = (options: Partial<EmbeddedLogOptions> = {}) => openEmbeddedLog({ dir, topic, partitions: 1, backOff: () => 1, ...options });
  const partitionDir = () => join(dir, topic, 'partition-0');
  const segments = () => readdirSync(partitionDir()).sort();
  const lastSegment = () => join(partitionDir(), segments().at(-1)!);

  it('cuts off a record that was written in part, wherever it breaks off, and keeps all before it', async () => {
    const first = await open();
    await first.append([record(0), record(1)], { budgetMs: 5_000 });
    const whole = statSync(lastSegment()).size;
    await first.append([record(2)], { budgetMs: 5_000 });
    await first.close();
    const full = join(dir, 'full.log');
    copyFileSync(lastSegment(), full);

    for (let size = whole; size < statSync(full).size; size += 1) {
      copyFileSync(full, lastSegment());
      truncateSync(lastSegment(), size);
      const log = await open();
      await log.append([record(9)], { budgetMs: 5_000 });
      expect(numbers(await readAll(log, 3, `size-${size}`))).toEqual([0, 1, 9]);
      await log.close();
    }
  });

  it('opens a log whose newest segment was begun and not yet written', async () => {
    const first = await open({ segmentBytes: 16 });
    await first.append([record(0)], { budgetMs: 5_000 });
    await first.close();
    for (const content of ['', 'REL', 'RELAYLG1']) {
      writeFileSync(join(partitionDir(), '00000000000000000001.log'), content);
      const log = await open({ segmentBytes: 16 });
      expect(numbers(await readAll(log, 1, `after ${content}`))).toEqual([0]);
      await log.close();
    }
  });

  it('reads over segment files, also from the middle of an old one', async () => {
    const log = await open({ segmentBytes: 300 });
    for (let number = 0; number < 50; number += 1) await log.append([record(number)], { budgetMs: 5_000 });
    expect(segments().length).toBeGreaterThan(5);
    expect(numbers(await readAll(log, 50, 'readers', 7))).toEqual(Array.from({ length: 50 }, (_, index) => index));
    await log.close();
  });

  it('goes back to the named offset when the answer names a resume point in an older segment', async () => {
    const log = await open({ segmentBytes: 300 });
    for (let number = 0; number < 20; number += 1) await log.append([record(number)], { budgetMs: 5_000 });
    let calls = 0;
    const seen = await readAll(log, 38, 'readers', 100, () => (++calls === 1 ? new Map([[0, 2]]) : new Map()));
    expect(numbers(seen)).toEqual([
      ...Array.from({ length: 20 }, (_, index) => index),
      ...Array.from({ length: 18 }, (_, index) => index + 2),
    ]);
    await log.close();
  });

  it('refuses a folder that was made with another number of partitions', async () => {
    await (await open({ partitions: 12 })).close();
    await expect(open({ partitions: 13 })).rejects.toMatchObject({
      code: 'LOCAL_START_FAILED',
      message: expect.stringContaining('12 partitions and not 13'),
    });
  });

  it.each([
    ['a flipped bit in a record', (path: string) => flipByte(path, 60)],
    ['a flipped bit in the last record', (path: string) => flipByte(path, statSync(path).size - 1)],
    ['a damaged length', (path: string) => flipByte(path, 10)],
    ['another format', (path: string) => flipByte(path, 7)],
  ])('refuses a newest segment with %s, naming the file, and loses nothing', async (_what, damage) => {
    const log = await open();
    await log.append([record(0), record(1), record(2)], { budgetMs: 5_000 });
    await log.close();
    damage(lastSegment());
    const before = readFileSync(lastSegment());
    await expect(open()).rejects.toMatchObject({ code: 'LOCAL_START_FAILED', message: expect.stringContaining(lastSegment()) });
    expect(readFileSync(lastSegment()).equals(before)).toBe(true);
  });

  it('does not skip over damage in an older segment: it says so and waits there', async () => {
    const writer = await open({ segmentBytes: 300 });
    for (let number = 0; number < 20; number += 1) await writer.append([record(number)], { budgetMs: 5_000 });
    await writer.close();
    flipByte(join(partitionDir(), segments()[1]!), 40);
    const stalled = Promise.withResolvers<unknown>();
    const log = await open({ segmentBytes: 300, onStall: stalled.resolve });
    const seen: LogRecord[] = [];
    const consumption = await log.consume({
      groupId: 'readers',
      maxRecords: 1,
      handle: (records) => Promise.resolve(void seen.push(...records)).then(() => new Map()),
    });
    expect(await stalled.promise).toMatchObject({ name: 'DamagedSegment', message: expect.stringContaining(segments()[1]!) });
    await consumption.stop();
    expect(numbers(seen)).toEqual(Array.from({ length: seen.length }, (_, index) => index));
    await log.close();
  });

  it.each(['{', '[]', '{"format":2,"offsets":{}}', '{"format":1,"offsets":{"0":-1}}', '{"format":1,"offsets":{"0":7}}'])(
    'refuses group offsets it cannot trust: %s',
    async (content) => {
      const log = await open();
      const groups = join(dir, topic, 'groups');
      mkdirSync(groups, { recursive: true });
      writeFileSync(join(groups, `${Buffer.from('readers').toString('hex')}.json`), content);
      await expect(log.consume({ groupId: 'readers', maxRecords: 1, handle: () => Promise.resolve(new Map()) })).rejects.toMatchObject({
        code: 'LOCAL_START_FAILED',
      });
      await log.close();
    },
  );

  it('lets a group have one reader at a time', async () => {
    const log = await open();
    const options = { groupId: '../readers', maxRecords: 1, handle: () => Promise.resolve(new Map<number, number>()) };
    const consumption = await log.consume(options);
    await expect(log.consume(options)).rejects.toMatchObject({ code: 'LOCAL_START_FAILED' });
    await consumption.stop();
    await (await log.consume(options)).stop();
    await log.close();
  });

  it('takes nothing after it was closed', async () => {
    const log = await open();
    await log.close();
    await expect(log.append([record(0)], { budgetMs: 5_000 })).rejects.toMatchObject({ code: 'CHANGE_LOG_UNAVAILABLE' });
  });

  it('stamps records with the time it is given', async () => {
    const log = await open({ now: () => new Date(1_795_265_922_340) });
    await log.append([record(0)], { budgetMs: 5_000 });
    expect((await readAll(log, 1))[0]!.timestampMs).toBe(1_795_265_922_340);
    await log.close();
  });
});

function record(number: number): ChangeRecord {
  return { key: 'one key', value: Buffer.from(String(number)), headers: { ce_id: `id-${number}` } };
}

function numbers(records: readonly LogRecord[]): number[] {
  return records.map(({ value }) => Number(Buffer.from(value!).toString()));
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 0xff;
  writeFileSync(path, bytes);
}

async function readAll(
  log: EmbeddedLog,
  atLeast: number,
  groupId = 'readers',
  maxRecords = 100,
  answer: () => Map<number, number> = () => new Map(),
): Promise<LogRecord[]> {
  const seen: LogRecord[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const consumption = await log.consume({
    groupId,
    maxRecords,
    handle(records) {
      seen.push(...records);
      if (seen.length >= atLeast) resolve(undefined);
      return Promise.resolve(answer());
    },
  });
  await promise;
  await consumption.stop();
  return seen;
}
