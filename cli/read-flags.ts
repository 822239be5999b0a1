import { parseArgs } from 'node:util';
import { commandNames, flagTable, type CommandName, type FlagName, type FlagRow } from './flag-table.ts';

export interface GivenFlags {
  readonly command: CommandName | undefined;
  readonly help: boolean;
  readonly version: boolean;
  /** Given in a way that is a problem already, so that nobody needs to miss it. */
  isFaulty(name: FlagName): boolean;
  has(name: FlagName): boolean;
  value(name: FlagName): string | undefined;
}

const rows: Readonly<Partial<Record<string, FlagRow>>> = flagTable;
const options = Object.fromEntries(
  Object.entries<FlagRow>(flagTable).map(([name, row]) => [
    name,
    { type: row.value === undefined ? ('boolean' as const) : ('string' as const) },
  ]),
);

/** Reads what can be read; what cannot becomes a problem. No problem repeats a value: it may be a secret in the wrong place. */
export function readFlags(args: readonly string[], problems: string[]): GivenFlags {
  const { tokens } = parseArgs({ args: withoutBorrowing(args), options, strict: false, allowPositionals: true, tokens: true });
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const command = commandNames.find((name) => name === words.slice(0, 2).join(' '));
  const given = new Map<string, string>();
  const faulty = new Set<string>();
  for (const token of tokens)
    if (token.kind === 'option') {
      const problem = flagProblem(token, { command, given });
      if (problem === undefined) given.set(token.name, token.value ?? '');
      else {
        problems.push(problem);
        faulty.add(token.name);
      }
    }
  const help = given.has('help') || args.length === 0 || words[0] === 'help';
  const version = given.has('version');
  if (command === undefined && !help && !version) problems.push(`say which command: ${commandNames.join(', ')} (--help shows all)`);
  if (command !== undefined && words.length > 2) problems.push(`there is a word after \`${command}\` that belongs to no flag`);
  return { command, help, version, isFaulty: (name) => faulty.has(name), has: (name) => given.has(name), value: (name) => given.get(name) };
}

/** A flag that another one follows has no value: parseArgs would take the other one for it. */
function withoutBorrowing(args: readonly string[]): string[] {
  const valued = Object.entries(options).flatMap(([name, { type }]) => (type === 'string' ? [`--${name}`] : []));
  return args.map((arg, at) => (valued.includes(arg) && args[at + 1]?.startsWith('--') === true ? `${arg}=` : arg));
}

function flagProblem(
  { name, value }: { name: string; value?: string | undefined },
  { command, given }: { command: CommandName | undefined; given: ReadonlyMap<string, string> },
): string | undefined {
  if (Object.hasOwn(flagTable, `${name}-file`) && !Object.hasOwn(flagTable, name))
    return `--${name}: others can see what is typed here, and the shell keeps it; use --${name}-file${Object.hasOwn(flagTable, `${name}-env`) ? ` or --${name}-env` : ''}`;
  const row = Object.hasOwn(flagTable, name) ? rows[name] : undefined;
  if (row === undefined) return `--${printableName(name)} is no flag of okta-relay (--help lists them)`;
  if (command !== undefined && !row.commands.includes(command)) return `--${name} is no flag of \`${command}\``;
  if (given.has(name)) return `--${name} is given twice`;
  if (row.value !== undefined && (value === undefined || value.trim() === '')) return `--${name} needs a value: ${row.about}`;
  if (row.value === undefined && value !== undefined) return `--${name} takes no value`;
  return undefined;
}

function printableName(name: string): string {
  return /^[a-z-]{1,30}$/.test(name) ? name : '…';
}
