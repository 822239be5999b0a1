import type { Dice } from './dice.ts';
import { containersOf, printTree, type JsonEntry, type JsonNode } from './json-tree.ts';

const letters = ['a', '漢', '𝒂', '\u0000', '"', '\ufffe'];
/** `1e20` is written again with 21 digits, and a schema may want something else in each place. */
const smallValues = ['1', '1e20', '""', '{}', '[]', 'null', '{"id":"x"}', '[[[[]]]]'];

/** Grows one place of the tree, which is used up, until the whole has about so many bytes; and prints it. */
export function grownTree(root: JsonNode, dice: Dice, bytes: number): string {
  const containers = containersOf(root).filter(({ entries }) => entries.length > 0);
  if (containers.length === 0) return longList(dice, bytes);
  const { entries } = dice.pick(containers);
  const place = dice.below(entries.length);
  const entry: JsonEntry = entries[place] ?? { key: 'x', value: { kind: 'raw', text: '""' } };
  const room = Math.max(0, bytes - Buffer.byteLength(printTree(root)));
  if (dice.chance(0.3)) {
    const own = printTree(entry.value).length + entry.key.length + 10;
    // One by one: a call does not take half a million arguments.
    for (let copies = Math.floor(room / own); copies > 0; copies -= 1) entries.push({ ...entry, key: `${entry.key}${copies}` });
  } else entries[place] = { ...entry, value: { kind: 'raw', text: dice.chance(0.5) ? longText(dice, room) : longList(dice, room) } };
  return printTree(root);
}

function longText(dice: Dice, bytes: number): string {
  const letter = dice.pick(letters);
  const own = Buffer.byteLength(JSON.stringify(letter)) - 2;
  return JSON.stringify(letter.repeat(Math.floor(bytes / own)));
}

function longList(dice: Dice, bytes: number): string {
  const value = dice.pick(smallValues);
  return `[${Array(Math.floor(bytes / (value.length + 1)))
    .fill(value)
    .join(',')}]`;
}
