import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly seed: number;
  /** How long to run; absent: until `inputs`. */
  readonly minutes?: number;
  /** How many inputs to run; absent: until `minutes`. */
  readonly inputs?: number;
  /** Names of targets; empty: all. */
  readonly targets: readonly string[];
  /** One input of one target, again. */
  readonly index?: number;
  /** A file with one input, fed to one target. */
  readonly input?: string;
}
export type OptionsAnswer =
  | { readonly kind: 'options'; readonly options: FuzzOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

export const usage = `npm run fuzz -- [options]   feeds broken input to every parser that meets bytes of others

  --minutes <number>   how long (default 1, when --inputs is not given)
  --inputs <number>    how many inputs, over all targets
  --target <name>      one target; may be repeated (default all)
  --seed <number>      makes a run the same again (default from the clock; it is printed)
  --index <number>     only the input with this number, with --target and --seed
  --input <file>       only the bytes of this file, with --target
`;

/** Every problem at once, each with an example. `nowMs` makes the seed when none is given. */
export function readOptions(args: readonly string[], names: readonly string[], nowMs: number): OptionsAnswer {
  const flags = parse(args);
  if (typeof flags === 'string') return { kind: 'refused', problems: [flags] };
  if (flags.help === true) return { kind: 'help' };
  const problems: string[] = [];
  const number = (flag: 'minutes' | 'inputs' | 'seed' | 'index', pattern: RegExp, example: string): number | undefined => {
    const text = flags[flag];
    if (text !== undefined && !pattern.test(text)) problems.push(`--${flag} ${text}: is a number, e.g. ${example}`);
    return text === undefined ? undefined : Number(text);
  };
  const minutes = number('minutes', /^[0-9]{1,5}(\.[0-9]+)?$/, '10 or 0.5');
  const inputs = number('inputs', /^[1-9][0-9]{0,9}$/, '1000000');
  const seed = number('seed', /^[0-9]{1,10}$/, '42') ?? nowMs % 1_000_000_000;
  const index = number('index', /^[0-9]{1,10}$/, '17');
  const targets = flags.target ?? [];
  const unknown = targets.filter((name) => !names.includes(name));
  if (unknown.length > 0) problems.push(`--target ${unknown.join(', ')}: is one of ${names.join(', ')}`);
  if ((index !== undefined || flags.input !== undefined) && targets.length !== 1) problems.push('--index and --input: need one --target');
  if (problems.length > 0) return { kind: 'refused', problems };
  const end = { ...(minutes === undefined ? {} : { minutes }), ...(inputs === undefined ? {} : { inputs }) };
  return {
    kind: 'options',
    options: {
      seed,
      targets,
      ...(minutes === undefined && inputs === undefined ? { minutes: 1 } : end),
      ...(index === undefined ? {} : { index }),
      ...(flags.input === undefined ? {} : { input: flags.input }),
    },
  };
}

interface Flags {
  minutes?: string;
  inputs?: string;
  seed?: string;
  index?: string;
  input?: string;
  target?: string[];
  help?: boolean;
}

function parse(args: readonly string[]): Flags | string {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: text,
        inputs: text,
        seed: text,
        index: text,
        input: text,
        target: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
