import { crc32 } from 'node:zlib';
import type { ChangeRecord } from '#lib/intake/change-log.ts';

/**
 * A record on disk: `u32 length of body | u32 CRC-32 of body | u32 CRC-32 of those eight bytes | body`, the
 * body being
 * `u64 offset | f64 timestamp (epoch ms) | bytes key | bytes value | u32 headers, each: bytes name, bytes value`, where `bytes`
 * is `u32 length` and so many bytes. All numbers big-endian, all text UTF-8.
 */
export interface StoredRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[];
}

/** With a checksum of its own: a length that cannot be trusted could make the rest of a file look like one torn record. */
const frameHeaderBytes = 12;

export function encodeFrame(record: ChangeRecord, offset: number, timestampMs: number): Buffer {
  const headers = Object.entries(record.headers).flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]);
  const pieces = [Buffer.from(record.key), record.value, ...headers];
  const body = Buffer.allocUnsafe(20 + pieces.reduce((sum, piece) => sum + 4 + piece.length, 0));
  let at = body.writeBigUInt64BE(BigInt(offset), 0);
  at = body.writeDoubleBE(timestampMs, at);
  for (const [index, piece] of pieces.entries()) {
    if (index === 2) at = body.writeUInt32BE(headers.length / 2, at);
    at = body.writeUInt32BE(piece.length, at);
    body.set(piece, at);
    at += piece.length;
  }
  if (pieces.length === 2) body.writeUInt32BE(0, at);
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  header.writeUInt32BE(body.length, 0);
  header.writeUInt32BE(crc32(body), 4);
  header.writeUInt32BE(crc32(header.subarray(0, 8)), 8);
  return Buffer.concat([header, body]);
}

export type FrameAnswer =
  | { readonly kind: 'frame'; readonly body: Buffer; readonly bytes: number }
  /** There is more of it than `buffer` holds; `bytes` is all of it, as far as that is known. */
  | { readonly kind: 'incomplete'; readonly bytes: number }
  | { readonly kind: 'damaged' };

/** The frame that starts at `at`. */
export function readFrame(buffer: Buffer, at: number): FrameAnswer {
  if (buffer.length - at < frameHeaderBytes) return { kind: 'incomplete', bytes: frameHeaderBytes };
  if (crc32(buffer.subarray(at, at + 8)) !== buffer.readUInt32BE(at + 8)) return { kind: 'damaged' };
  const length = buffer.readUInt32BE(at);
  const bytes = frameHeaderBytes + length;
  if (buffer.length - at < bytes) return { kind: 'incomplete', bytes };
  const body = buffer.subarray(at + frameHeaderBytes, at + bytes);
  return crc32(body) === buffer.readUInt32BE(at + 4) ? { kind: 'frame', body, bytes } : { kind: 'damaged' };
}

export function offsetOf(body: Buffer): number {
  return Number(body.readBigUInt64BE(0));
}

/** Copies what it answers, so that the buffer it was read into can go. */
export function decodeBody(body: Buffer): StoredRecord {
  let at = 16;
  const bytes = (): Buffer => {
    const length = body.readUInt32BE(at);
    const piece = Buffer.from(body.subarray(at + 4, at + 4 + length));
    at += 4 + length;
    return piece;
  };
  const [key, value] = [bytes(), bytes()];
  const count = body.readUInt32BE(at);
  at += 4;
  const headers = Array.from({ length: count }, () => ({ name: bytes().toString('utf8'), value: bytes() }));
  return { offset: offsetOf(body), timestampMs: body.readDoubleBE(8), key, value, headers };
}
