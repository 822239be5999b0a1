import { open, type FileHandle } from 'node:fs/promises';
import { offsetOf, readFrame } from './record-frame.ts';

/** First bytes of every segment file: what it is, and the version of its format. */
const magic = Buffer.from('RELAYLG1');
export const segmentStart = magic.length;
const chunkBytes = 256 * 1024;

/** A segment that is not what it should be. Nothing is skipped over: what it held would be lost without a word. */
export class DamagedSegment extends Error {
  override readonly name = 'DamagedSegment';
}

export interface Frame {
  readonly body: Buffer;
  readonly offset: number;
  /** Where it starts and where the next one does, in bytes. */
  readonly start: number;
  readonly end: number;
}

/** `00000000000000000042.log` holds the records from offset 42 on. */
export function segmentName(firstOffset: number): string {
  return `${String(firstOffset).padStart(20, '0')}.log`;
}

export function firstOffsetOf(fileName: string): number | undefined {
  const match = /^(\d{20})\.log$/.exec(fileName);
  return match === null ? undefined : Number(match[1]);
}

/**
 * The whole frames between two places of a file, in order.
 * @returns where the last of them ended
 * @throws DamagedSegment
 */
export async function* framesOf(path: string, from: number, to: number): AsyncGenerator<Frame, number> {
  const file = await open(path, 'r');
  try {
    let start = from;
    let wanted = chunkBytes;
    while (start < to) {
      const length = Math.min(wanted, to - start);
      const buffer = await readAt(file, start, length);
      if (buffer.length < length) throw new DamagedSegment(`${path} is shorter than it was`);
      let at = 0;
      for (let frame = readFrame(buffer, at); ; frame = readFrame(buffer, at)) {
        if (frame.kind === 'damaged') throw new DamagedSegment(`${path} is damaged at byte ${start + at}`);
        if (frame.kind === 'incomplete') {
          if (start + at + frame.bytes > to) return start + at;
          wanted = Math.max(chunkBytes, frame.bytes);
          break;
        }
        yield { body: frame.body, offset: offsetOf(frame.body), start: start + at, end: start + at + frame.bytes };
        at += frame.bytes;
      }
      start += at;
    }
    return start;
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** A file of this name that is there already is what an earlier attempt left when the disk was full: empty. */
export async function createSegment(path: string): Promise<FileHandle> {
  const file = await open(path, 'w+');
  try {
    await file.write(magic, 0, magic.length, 0);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Opens the segment that was being written when the process ended, and cuts off a record that was only partly written: a
 * killed process leaves the beginning of what it was writing and nothing else. Such a record was never acknowledged.
 * @throws DamagedSegment when it is anything else than that
 */
export async function reopenSegment(path: string, firstOffset: number): Promise<{ file: FileHandle; end: number; nextOffset: number }> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const found = await readAt(file, 0, Math.min(size, magic.length));
    if (!found.equals(magic.subarray(0, found.length))) throw new DamagedSegment(`${path} is not in a format this version knows`);
    if (found.length < magic.length) await file.write(magic, 0, magic.length, 0);
    let nextOffset = firstOffset;
    const frames = framesOf(path, segmentStart, size);
    let step = await frames.next();
    for (; step.done !== true; step = await frames.next()) {
      if (step.value.offset !== nextOffset)
        throw new DamagedSegment(`${path} holds offset ${step.value.offset} where ${nextOffset} belongs`);
      nextOffset += 1;
    }
    await file.truncate(step.value);
    return { file, end: step.value, nextOffset };
  } catch (error) {
    await file.close();
    throw error;
  }
}
