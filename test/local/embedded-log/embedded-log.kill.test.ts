import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '#lib/intake/change-log.ts';
import { partitionOfKey } from '#lib/kafka/partition-of-key.ts';
import { openEmbeddedLog } from '../../../local/embedded-log/embedded-log.ts';
import { scaled } from '../../support/scale.ts';
import { runSeed, seededRandom } from '../../support/seeded-random.ts';

const partitions = 4;
const child = join(import.meta.dirname, 'appending-child.ts');

describe('the embedded log under kill -9', () => {
  it(
    'has every acknowledged record, in order and whole, after each kill',
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'relay-embedded-log-kill-'));
      const seed = runSeed();
      const random = seededRandom(seed);
      const acknowledged = new Map<string, Set<number>>();
      let inFlight = 0;
      const rounds = scaled(20, 8);
      for (let round = 0; round < rounds; round += 1) {
        const acks = await appendUntilKilled(dir, round * 1_000_000, 1 + Math.floor(random() * 400));
        for (const { key, numbers } of acks) acknowledged.set(key, new Set([...(acknowledged.get(key) ?? []), ...numbers]));
        const found = await readBack(dir, round);
        for (const [key, numbers] of acknowledged) {
          const there = found.get(key) ?? [];
          const whole = new Set(there);
          expect(
            [...numbers].filter((number) => !whole.has(number)),
            `seed ${seed}, round ${round}, ${key}: lost`,
          ).toEqual([]);
          expect(there, `seed ${seed}, round ${round}, ${key}: order`).toEqual([...new Set(there)].toSorted((a, b) => a - b));
          inFlight += there.length - numbers.size;
        }
        // What was written and not acknowledged counts from now on: it must stay as well.
        for (const [key, numbers] of found) acknowledged.set(key, new Set(numbers));
      }
      process.stdout.write(
        `kill -9: seed ${seed}, ${rounds} rounds, ${[...acknowledged.values()].reduce((sum, set) => sum + set.size, 0)} records, ${inFlight} written but not acknowledged\n`,
      );
      rmSync(dir, { recursive: true });
    },
    scaled(600_000, 120_000),
  );
});

/** Kills the child when it has acknowledged so many appends; answers all that it acknowledged, those after the signal too. */
async function appendUntilKilled(dir: string, first: number, afterAcks: number): Promise<{ key: string; numbers: number[] }[]> {
  const process_ = spawn(process.execPath, [child, dir, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acks: { key: string; numbers: number[] }[] = [];
  const lines = createInterface({ input: process_.stdout });
  lines.on('line', (line) => {
    if (line === 'open') return;
    const [key = '', ...numbers] = line.split(' ');
    // A line that was cut off by the kill has fewer numbers, or fewer digits of the last one: no acknowledgement was heard.
    if (numbers.length === 3 && Number(numbers[2]) === Number(numbers[0]) + 2) acks.push({ key, numbers: numbers.map(Number) });
    if (acks.length === afterAcks) process_.kill('SIGKILL');
  });
  const [[code, signal]] = await Promise.all([once(process_, 'exit'), once(lines, 'close')]);
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return acks;
}

/** All numbers by key, in the order they are read; a record that is not what its number says counts as NaN. */
async function readBack(dir: string, round: number): Promise<Map<string, number[]>> {
  const log = await openEmbeddedLog({ dir, topic: 'identity.changes.v1', partitions, segmentBytes: 32 * 1024 });
  const ends = endKeys().map((key) => ({ key, value: Buffer.from(`end of round ${round}`), headers: {} }));
  await log.append(ends, { budgetMs: 10_000 });
  const found = new Map<string, number[]>();
  const endsSeen = new Set<number>();
  const done = Promise.withResolvers<undefined>();
  const consumption = await log.consume({
    groupId: `round ${round}`,
    maxRecords: 5_000,
    handle(records) {
      for (const record of records) {
        const key = Buffer.from(record.key!).toString();
        if (Buffer.from(record.value!).toString() === `end of round ${round}`) endsSeen.add(record.partition);
        else if (!key.startsWith('end')) {
          const numbers = found.get(key) ?? [];
          numbers.push(numberIn(key, record));
          found.set(key, numbers);
        }
      }
      if (endsSeen.size === partitions) done.resolve(undefined);
      return Promise.resolve(new Map());
    },
  });
  await done.promise;
  await consumption.stop();
  await log.close();
  return found;
}

function numberIn(key: string, { value, headers }: LogRecord): number {
  const number = Number(Buffer.from(value!).toString().split(' ')[0]);
  const isWhole = value!.length === String(number).length + 1 + ((number * 37) % 900);
  const isNamed = headers.length === 1 && Buffer.from(headers[0]!.value).toString() === `${key}-${number}`;
  return isWhole && isNamed ? number : NaN;
}

/** One key for each partition. */
function endKeys(): string[] {
  const keys = Array.from({ length: 100 }, (_, index) => `end ${index}`);
  return Array.from({ length: partitions }, (_, partition) => keys.find((key) => partitionOfKey(key, partitions) === partition)!);
}
