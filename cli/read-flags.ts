import { parseArgs } from 'node:util';
import { commandNames, flagTable, type CommandName, type FlagName, type FlagRow } from './flag-table.ts';

export interface GivenFlags {
  readonly command: CommandName | undefined;
  readonly help: boolean;
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
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const command = commandNames.find((name) => name === words.slice(0, 2).join(' '));
  const given = new Map<string, string>();
  for (const token of tokens)
    if (token.kind === 'option') {
      const problem = flagProblem(token, { command, given });
      if (problem === undefined) given.set(token.name, token.value ?? '');
      else problems.push(problem);
    }
  const help = given.has('help') || args.length === 0;
  if (command === undefined && !help) problems.push(`say which command: ${commandNames.join(', ')} (--help shows all)`);
  if (command !== undefined && words.length > 2) problems.push(`there is a word after \`${command}\` that belongs to no flag`);
  return { command, help, has: (name) => given.has(name), value: (name) => given.get(name) };
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
