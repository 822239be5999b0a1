import { parseArgs } from 'node:util';

export const defaults = { port: '4040', 'data-dir': '.relay', org: 'acme' };

const definitions = {
  port: { type: 'string', example: '4040' },
  'data-dir': { type: 'string', example: '.relay' },
  org: { type: 'string', multiple: true, example: 'acme' },
  'org-host': { type: 'string', multiple: true, example: 'login.acme.example.com' },
  'hook-secret': { type: 'string', example: '"a long random word"' },
  'admin-token': { type: 'string', example: 'local-admin-token-0001' },
  config: { type: 'string', example: 'relay.json' },
  once: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

export interface Flags {
  port: string;
  'data-dir': string;
  org?: string[];
  'org-host'?: string[];
  'hook-secret'?: string;
  'admin-token'?: string;
  config?: string;
  once: boolean;
  help: boolean;
}

/** Reads what can be read; what cannot becomes a problem, so that one start shows all that is wrong. */
export function readFlags(args: readonly string[], problems: string[]): Flags {
  const flags: Flags = { port: defaults.port, 'data-dir': defaults['data-dir'], once: false, help: false };
  const { tokens } = parseArgs({ args: withoutBorrowing(args), options: definitions, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`${token.value}: flags begin with -- (e.g. --port 4040; --help lists them)`);
    if (token.kind === 'option') readFlag(token, flags, problems);
  }
  return flags;
}

/** A flag that another one follows has no value: parseArgs would take the other one for it. */
function withoutBorrowing(args: readonly string[]): string[] {
  const valued = Object.entries(definitions).flatMap(([name, { type }]) => (type === 'string' ? [`--${name}`] : []));
  return args.map((arg, at) => (valued.includes(arg) && args[at + 1]?.startsWith('--') === true ? `${arg}=` : arg));
}

function readFlag(
  { name, rawName, value }: { name: string; rawName: string; value?: string | undefined },
  flags: Flags,
  problems: string[],
): void {
  switch (name) {
    case 'once':
    case 'help':
      flags[name] = true;
      return;
    case 'org':
    case 'org-host':
      if (isGiven(name, value, problems)) flags[name] = [...(flags[name] ?? []), value];
      return;
    case 'port':
    case 'data-dir':
    case 'hook-secret':
    case 'admin-token':
    case 'config':
      if (isGiven(name, value, problems)) flags[name] = value;
      return;
    default:
      problems.push(`${rawName} is no flag of the relay (e.g. --port 4040; --help lists them)`);
  }
}

function isGiven(name: Exclude<keyof typeof definitions, 'once' | 'help'>, value: string | undefined, problems: string[]): value is string {
  if (value !== undefined && value !== '') return true;
  problems.push(`--${name} needs a value (e.g. --${name} ${definitions[name].example})`);
  return false;
}
