import { parseArgs } from 'node:util';
import { defaultVersion, newestVersion, parseVersion } from './versions.ts';

export interface KafkaOptions {
  readonly version: string;
  readonly dataDir: string;
  /** 0: a free one. */
  readonly port: number;
}
export type OptionsAnswer =
  | { readonly kind: 'options'; readonly options: KafkaOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

export const usage = `npm run kafka -- [options]   a single Apache Kafka broker on 127.0.0.1, in the foreground

  --version <x.y.z>   which Apache Kafka (default ${defaultVersion}; ${newestVersion} was tried too)
  --port <number>     where it listens (default 9092; 0 takes a free one)
  --data-dir <path>   where it keeps its data (default .relay/kafka/data-<line>, e.g. data-3.9)
`;

/** Every problem at once, each with an example. */
export function readOptions(args: readonly string[]): OptionsAnswer {
  const flags = parse(args);
  if (typeof flags === 'string') return { kind: 'refused', problems: [flags] };
  if (flags.help === true) return { kind: 'help' };
  const problems: string[] = [];
  const version = parseVersion(flags.version ?? defaultVersion);
  if (version.kind === 'refused') problems.push(version.why);
  const port = Number(flags.port ?? '9092');
  if (!/^\d+$/.test(flags.port ?? '9092') || port > 65_535)
    problems.push(`--port ${flags.port ?? ''}: is a number from 0 to 65535, e.g. 9092`);
  if (flags['data-dir'] === '') problems.push('--data-dir: is a path, e.g. .relay/kafka/data');
  if (version.kind === 'refused' || problems.length > 0) return { kind: 'refused', problems };
  return { kind: 'options', options: { version: version.version, port, dataDir: flags['data-dir'] ?? defaultDataDir(version.version) } };
}

/** Apart per line: data that a newer broker has written, an older one does not read. */
function defaultDataDir(version: string): string {
  return `.relay/kafka/data-${version.split('.').slice(0, 2).join('.')}`;
}

function parse(args: readonly string[]): { version?: string; port?: string; 'data-dir'?: string; help?: boolean } | string {
  try {
    const options = {
      version: { type: 'string' },
      port: { type: 'string' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
