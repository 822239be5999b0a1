import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RelayError } from '#lib/errors.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

/** Where one consumer group goes on reading, partition by partition; kept in a file of its own. */
export class GroupOffsets {
  readonly #path: string;
  readonly #offsets: Map<number, number>;

  private constructor(path: string, offsets: Map<number, number>) {
    this.#path = path;
    this.#offsets = offsets;
  }

  /** @throws RelayError LOCAL_START_FAILED when the file cannot be understood */
  static open(dir: string, groupId: string): GroupOffsets {
    mkdirSync(dir, { recursive: true });
    const path = join(dir, `${Buffer.from(groupId).toString('hex')}.json`);
    const offsets = Object.entries(readStateFile(path)?.['offsets'] ?? {});
    const isSound = offsets.every(([partition, offset]) => /^\d+$/.test(partition) && Number.isSafeInteger(offset) && offset >= 0);
    if (!isSound) throw new RelayError('LOCAL_START_FAILED', `${path} is damaged: delete the state folder to start afresh`);
    return new GroupOffsets(path, new Map(offsets.map(([partition, offset]) => [Number(partition), Number(offset)])));
  }

  /** The first record of the partition for a group that was never seen. */
  next(partition: number): number {
    return this.#offsets.get(partition) ?? 0;
  }

  /** @throws the operating system's error; nothing has changed then */
  commit(offsets: ReadonlyMap<number, number>): void {
    writeStateFile(this.#path, { offsets: Object.fromEntries([...this.#offsets, ...offsets]) });
    for (const [partition, offset] of offsets) this.#offsets.set(partition, offset);
  }
}
