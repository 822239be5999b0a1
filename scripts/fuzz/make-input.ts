import { Dice } from './dice.ts';
import { readTree } from './json-tree.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateTree } from './mutate-json.ts';
import { maxInputBytes, type Target } from './target.ts';

/** The input with this number. The same seed, target and number make the same bytes, whatever ran before. */
export function makeInput(target: Pick<Target, 'name' | 'shape' | 'seeds' | 'words'>, seed: number, index: number): Uint8Array {
  const dice = new Dice(`${seed}/${target.name}/${index}`);
  let bytes = dice.pick(target.seeds);
  if (target.shape === 'json') {
    const tree = readTree(Buffer.from(bytes).toString('utf8'));
    if (tree !== undefined && dice.chance(0.85)) bytes = Buffer.from(mutateTree(tree, dice));
    if (dice.chance(0.2)) bytes = mutateBytes(bytes, dice, target);
  } else if (dice.chance(0.99)) {
    bytes = mutateBytes(bytes, dice, target);
  }
  return bytes.subarray(0, maxInputBytes);
}
