import { mkdir, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeRecord } from '#lib/intake/change-log.ts';
import { decodeBody, encodeFrame, type StoredRecord } from './record-frame.ts';
import { createSegment, DamagedSegment, firstOffsetOf, framesOf, reopenSegment, segmentName, segmentStart } from './segment-file.ts';

/** Where a reader is: a place in a file, good for as long as the log is open. */
export interface ReadPlace {
  readonly offset: number;
  readonly segment: number;
  readonly position: number;
}

interface Segment {
  readonly firstOffset: number;
  readonly path: string;
  /** Whole, readable records end here. */
  end: number;
}

/** One partition: a folder of segment files, appended to at the end of the last one. Memory holds no records. */
export class PartitionLog {
  readonly #dir: string;
  readonly #segmentBytes: number;
  readonly #segments: Segment[];
  #file: FileHandle;
  #nextOffset: number;
  #last: Promise<unknown> = Promise.resolve();
  #broken: Error | undefined;

  private constructor(dir: string, segmentBytes: number, state: { segments: Segment[]; file: FileHandle; nextOffset: number }) {
    this.#dir = dir;
    this.#segmentBytes = segmentBytes;
    this.#segments = state.segments;
    this.#file = state.file;
    this.#nextOffset = state.nextOffset;
  }

  /** @throws DamagedSegment, or the operating system's error */
  static async open(dir: string, segmentBytes: number): Promise<PartitionLog> {
    await mkdir(dir, { recursive: true });
    const starts = (await readdir(dir)).map(firstOffsetOf).filter((start) => start !== undefined);
    const segments = starts
      .sort((a, b) => a - b)
      .map((firstOffset) => ({ firstOffset, path: join(dir, segmentName(firstOffset)), end: segmentStart }));
    const last = segments.at(-1);
    if (last === undefined) {
      const path = join(dir, segmentName(0));
      return new PartitionLog(dir, segmentBytes, {
        segments: [{ firstOffset: 0, path, end: segmentStart }],
        file: await createSegment(path),
        nextOffset: 0,
      });
    }
    const { file, end, nextOffset } = await reopenSegment(last.path, last.firstOffset);
    for (const segment of segments) segment.end = segment === last ? end : (await stat(segment.path)).size;
    return new PartitionLog(dir, segmentBytes, { segments, file, nextOffset });
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Resolves when the operating system has the records. They can be read from then on. */
  append(records: readonly ChangeRecord[], timestampMs: number): Promise<void> {
    const done = this.#last.then(() => this.#write(records, timestampMs));
    // The next append waits for this one, however it ends; whoever appended hears of the failure.
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #write(records: readonly ChangeRecord[], timestampMs: number): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const segment = await this.#segmentToWrite();
    const bytes = Buffer.concat(records.map((record, index) => encodeFrame(record, this.#nextOffset + index, timestampMs)));
    try {
      await writeAll(this.#file, bytes, segment.end);
    } catch (error) {
      await this.#cutBack(segment, error);
      throw error;
    }
    segment.end += bytes.length;
    this.#nextOffset += records.length;
  }

  /** A write that failed half-way (a full disk) leaves nothing behind; where that fails too, nothing more is written. */
  async #cutBack(segment: Segment, cause: unknown): Promise<void> {
    try {
      await this.#file.truncate(segment.end);
    } catch {
      this.#broken = new Error(`${segment.path} could not be written and not be repaired`, { cause });
    }
  }

  async #segmentToWrite(): Promise<Segment> {
    const current = this.#segments.at(-1);
    if (current !== undefined && current.end < this.#segmentBytes) return current;
    const path = join(this.#dir, segmentName(this.#nextOffset));
    const finished = this.#file;
    this.#file = await createSegment(path);
    const segment = { firstOffset: this.#nextOffset, path, end: segmentStart };
    this.#segments.push(segment);
    await finished.close();
    return segment;
  }

  /**
   * Up to `limit` records from `place` on, and where to go on reading; fewer when they are large.
   * @throws DamagedSegment
   */
  async read(
    place: ReadPlace,
    limit: number,
    limitBytes: number,
  ): Promise<{ records: StoredRecord[]; places: ReadPlace[]; next: ReadPlace }> {
    const records: StoredRecord[] = [];
    const places: ReadPlace[] = [];
    let { offset, segment: index, position } = place;
    let bytes = 0;
    for (; records.length < limit && offset < this.#nextOffset; index += 1, position = segmentStart) {
      const segment = this.#segments[index];
      if (segment === undefined) throw new DamagedSegment(`${this.#dir} does not hold offset ${offset}`);
      for await (const frame of framesOf(segment.path, position, segment.end)) {
        if (frame.offset < offset) continue;
        if (records.length >= limit || (records.length > 0 && bytes + frame.body.length > limitBytes))
          return { records, places, next: { offset, segment: index, position } };
        if (frame.offset > offset) throw new DamagedSegment(`${segment.path} holds offset ${frame.offset} where ${offset} belongs`);
        records.push(decodeBody(frame.body));
        places.push({ offset, segment: index, position: frame.start });
        bytes += frame.body.length;
        offset += 1;
        position = frame.end;
      }
      if (index === this.#segments.length - 1) break;
    }
    return { records, places, next: { offset, segment: index, position } };
  }

  /** The place of an offset; `nextOffset` is the end. Reading there skips what comes before it in the segment. */
  placeOf(offset: number): ReadPlace {
    const index = this.#segments.findLastIndex((segment) => segment.firstOffset <= offset);
    return { offset, segment: Math.max(0, index), position: segmentStart };
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
