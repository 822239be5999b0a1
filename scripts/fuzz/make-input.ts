import { maxChangeBytes } from '#lib/identity/change.ts';
import { Dice } from './dice.ts';
import { grownTree } from './grow-json.ts';
import { readTree } from './json-tree.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateTree } from './mutate-json.ts';
import { maxInputBytes, type Target } from './target.ts';

/** One input in so many is a large one, where the target takes those: some hundred in a million, which are a part of its time and not most of it. */
const inputsPerLargeOne = 300;

type Making = Pick<Target, 'name' | 'shape' | 'seeds' | 'words' | 'largestBytes'>;

/** The input with this number. The same seed, target and number make the same bytes, whatever ran before. */
export function makeInput(target: Making, seed: number, index: number): Uint8Array {
  const dice = new Dice(`${seed}/${target.name}/${index}`);
  let bytes = dice.pick(target.seeds);
  if (target.shape === 'json') {
    const tree = readTree(Buffer.from(bytes).toString('utf8'));
    if (tree !== undefined && dice.chance(0.85)) bytes = Buffer.from(mutateTree(tree, dice));
    if (dice.chance(0.2)) bytes = mutateBytes(bytes, dice, target);
  } else if (dice.chance(0.99)) {
    bytes = mutateBytes(bytes, dice, target);
  }
  if (target.largestBytes !== undefined && dice.chance(1 / inputsPerLargeOne)) return largeInput(target, target.largestBytes, dice);
  return bytes.subarray(0, maxInputBytes);
}

/** A seed grown to what the door takes, to about the largest change that is carried, or to anything in between; well-formed, so that it gets far. */
export function largeInput({ seeds }: Pick<Target, 'seeds'>, largestBytes: number, dice: Dice): Uint8Array {
  const tree = readTree(Buffer.from(dice.pick(seeds)).toString('utf8')) ?? { kind: 'raw', text: '{}' };
  const anything = maxInputBytes + dice.below(largestBytes - maxInputBytes);
  const bytes = dice.pick([largestBytes, maxChangeBytes - 2_048 + dice.below(4_096), anything]);
  return Buffer.from(grownTree(tree, dice, bytes)).subarray(0, largestBytes);
}
