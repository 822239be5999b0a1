import type { Dice } from './dice.ts';
import { maxInputBytes } from './target.ts';

const nastyBytes = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2c, 0x2e, 0x2f, 0x3a, 0x3d, 0x5c, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xef, 0xf5, 0xff]; // prettier-ignore
/** A pattern that backtracks shows itself on something repeated a few thousand times and then broken off. */
const repeats = [2, 3, 10, 100, 1_000, 5_000];

export interface BytesContext {
  /** Of the same language; parts of them are mixed in. */
  readonly seeds: readonly Uint8Array[];
  /** Words that mean something in the language. */
  readonly words: readonly string[];
}

/** Changes a few places of the bytes. */
export function mutateBytes(seed: Uint8Array, dice: Dice, context: BytesContext): Buffer {
  let bytes: Buffer = Buffer.from(seed);
  for (let count = 1 + dice.below(5); count > 0; count -= 1) bytes = changeOne(bytes, dice, context);
  return bytes;
}

function changeOne(bytes: Buffer, dice: Dice, { seeds, words }: BytesContext): Buffer {
  const start = dice.below(bytes.length + 1);
  const end = Math.min(bytes.length, start + 1 + dice.below(dice.chance(0.8) ? 8 : 200));
  const cut = bytes.subarray(start, end);
  const put = (...middle: readonly Uint8Array[]): Buffer => Buffer.concat([bytes.subarray(0, start), ...middle, bytes.subarray(end)]);
  switch (dice.below(9)) {
    case 0:
      return put();
    case 1:
      return put(...Array.from({ length: dice.pick(repeats) }, () => cut)).subarray(0, maxInputBytes);
    case 2:
      return put(Uint8Array.of(dice.pick(nastyBytes)));
    case 3:
      return put(cut, Uint8Array.of(dice.below(256)));
    case 4:
      return bytes.subarray(0, start);
    case 5: {
      const other = dice.pick(seeds);
      const from = dice.below(other.length + 1);
      return put(other.subarray(from, from + 1 + dice.below(100)));
    }
    case 6: {
      const index = dice.below(Math.max(1, bytes.length));
      const changed = Buffer.from(bytes);
      if (bytes.length > 0) changed[index] = (changed[index] ?? 0) ^ (1 << dice.below(8));
      return changed;
    }
    default:
      return words.length === 0 ? put() : put(Buffer.from(dice.pick(words)));
  }
}
