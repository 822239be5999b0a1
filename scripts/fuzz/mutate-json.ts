import type { Dice } from './dice.ts';
import { containersOf, printTree, type JsonEntry, type JsonNode } from './json-tree.ts';
import { maxInputBytes } from './target.ts';

const nastyKeys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length', '0', '', 'a.b', 'k'.repeat(3_000), '\u0000', '\ud800']; // prettier-ignore

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const nastyTexts = ['""', '" "', '"__proto__"', '"\\u0000"', '"\\ud800"', '"é\\u0301\\u202e"', '"\\r\\nx: y"', '"a:b:c"', '"/"', '"../.."', '"*"', '"2026-02-30T25:61:61Z"', '"0000-01-01T00:00:00.000Z"', '"9999-12-31T23:59:60.999Z"', '"1969-12-31T23:59:59.999Z"', '"275760-09-13T00:00:00.001Z"', '"00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01"']; // prettier-ignore
const nastyValues = [
  ...nastyTexts,
  'null', 'true', 'false', '0', '-0', '-1', '0.1', '1e400', '-1e400', '9007199254740993', '18446744073709551616', 'NaN', '01', 'undefined', "'x'",
  '{}', '[]', '[[]]', '[null]', '{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}', '{"toJSON":1,"then":1}',
]; // prettier-ignore

/** Changes a few places of the tree, which is used up, and prints it. */
export function mutateTree(root: JsonNode, dice: Dice): string {
  let tree = root;
  for (let count = 1 + dice.below(4); count > 0; count -= 1) {
    const containers = containersOf(tree);
    if (containers.length === 0 || dice.chance(0.02)) tree = nastyValue(dice);
    else changeOne(containers, dice);
  }
  return printTree(tree);
}

function changeOne(containers: readonly Exclude<JsonNode, { kind: 'raw' }>[], dice: Dice): void {
  const container = dice.pick(containers);
  const { entries } = container;
  const place = dice.below(Math.max(1, entries.length));
  const entry: JsonEntry = entries[place] ?? { key: 'x', value: nastyValue(dice) };
  const put = (...given: readonly JsonEntry[]): void => void entries.splice(place, 1, ...given);
  switch (dice.below(9)) {
    case 0:
      return put();
    case 1:
      return put(entry, { ...entry, value: nastyValue(dice) });
    case 2:
      return put({ ...entry, key: dice.pick(nastyKeys) });
    case 3:
      return put(entry, { key: dice.pick(nastyKeys), value: nastyValue(dice) });
    case 4:
      return put({ ...entry, value: { kind: dice.chance(0.5) ? 'array' : 'object', entries: [entry] } });
    case 5:
      // Something from elsewhere in the same text, as text: it may hold this place itself.
      return put({ ...entry, value: { kind: 'raw', text: printTree(dice.pick(containers)).slice(0, 20_000) } });
    case 6:
      container.kind = container.kind === 'array' ? 'object' : 'array';
      return;
    case 7: {
      const times = Math.min(dice.pick([2, 20, 300]), Math.ceil(maxInputBytes / (printTree(entry.value).length + 1)));
      return put(...Array.from({ length: times }, (_, index) => ({ ...entry, key: `${entry.key}${index}` })));
    }
    default:
      return put({ ...entry, value: nastyValue(dice) });
  }
}

function nastyValue(dice: Dice): JsonNode {
  // A schema for a text or a list may look at the `length` of what is neither.
  if (dice.chance(0.02)) return { kind: 'raw', text: `{"length":${deep(5_000)}}` };
  if (dice.chance(0.05)) return { kind: 'raw', text: deep(dice.pick([99, 101, 2_000, 20_000])) };
  if (dice.chance(0.05)) return { kind: 'raw', text: JSON.stringify(dice.pick(['a', '.', '-', '/', '\\', '\u0000', '𝒂', 'a.']).repeat(dice.pick([64, 257, 2_049, 20_000]))) }; // prettier-ignore
  return { kind: 'raw', text: dice.pick(nastyValues) };
}
