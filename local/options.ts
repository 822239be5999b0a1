import * as z from 'zod';
import { orgIdSchema } from '#lib/okta/org.ts';
import { takenOrgIds } from '#lib/orgs/taken-org-ids.ts';
import { environmentVariable } from '#lib/config/environment.ts';
import { variables } from '#lib/config/variables.ts';
import { demonstrationOrg } from '#lib/subscriptions/matches.ts';
import { defaults, readFlags, type Flags } from './flags.ts';
import { orgsInFile, secretSchema, type LocalOrg } from './org-file.ts';

export interface LocalOptions {
  readonly port: number;
  readonly dataDir: string;
  readonly once: boolean;
  readonly orgs: readonly LocalOrg[];
  /** True when the user named no org: then the built-in subscriber listens to everything, so that the first curl shows something. */
  readonly defaultOrg: boolean;
  readonly adminToken: string | undefined;
  readonly kafkaBrokers: readonly string[] | undefined;
}

export const demoOrg = demonstrationOrg;
/** Name of the subscriptions of the built-in subscriber. */
export const builtInName = 'built-in subscriber';

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: LocalOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

/** Reads flags, environment and configuration file; answers every problem at once. */
export function parseOptions(args: readonly string[]): ParsedOptions {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  if (flags.help) return { kind: 'help' };

  const port = Number(flags.port);
  if (!/^[0-9]+$/.test(flags.port) || port > 65_535) problems.push('--port is a number from 0 (any free port) to 65535 (e.g. --port 4040)');
  const orgs = [...flagOrgs(flags, problems), ...orgsInFile(flags.config, problems)];
  const names = orgs.map((org) => (org.kind === 'flag' ? org.id : org.definition.id));
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index)))
    problems.push(`the org ${name} is given twice: name each org once (e.g. --org acme --org beta)`);
  for (const taken of takenOrgIds.filter((name) => names.includes(name)))
    problems.push(`the org name ${taken} is taken by ${taken === demoOrg ? 'the demonstration' : 'the relay itself'} (e.g. --org acme)`);

  const adminToken = flags['admin-token'] ?? environmentVariable('RELAY_ADMIN_TOKEN');
  check(
    () => adminToken !== undefined && variables.RELAY_ADMIN_TOKEN.parse(adminToken),
    '--admin-token (or RELAY_ADMIN_TOKEN)',
    '--admin-token local-admin-token-0001',
    problems,
  );
  const brokers = environmentVariable('KAFKA_BROKERS');
  const kafkaBrokers = check(
    () => (brokers === undefined ? undefined : variables.KAFKA_BROKERS.parse(brokers)),
    'KAFKA_BROKERS',
    'KAFKA_BROKERS=127.0.0.1:9092',
    problems,
  );

  if (problems.length > 0) return { kind: 'problems', problems };
  const defaultOrg = flags.org === undefined && flags.config === undefined;
  return { kind: 'options', options: { port, dataDir: flags['data-dir'], once: flags.once, orgs, defaultOrg, adminToken, kafkaBrokers } };
}

function flagOrgs(flags: Flags, problems: string[]): LocalOrg[] {
  const ids = flags.org ?? (flags.config === undefined ? [defaults.org] : []);
  for (const id of ids)
    if (!orgIdSchema.safeParse(id).success)
      problems.push(`--org ${id}: lower-case letters, digits and dashes, 63 at most (e.g. --org acme)`);
  const hookSecret = flags['hook-secret'];
  if (hookSecret !== undefined && !secretSchema.safeParse(hookSecret).success)
    problems.push('--hook-secret has at least 8 characters (e.g. --hook-secret "a long random word")');
  if (hookSecret !== undefined && !/^[\x20-\x7e]+$/.test(hookSecret))
    problems.push('--hook-secret is sent in a header: printable ASCII only (e.g. --hook-secret "a long random word")');
  const hosts = new Map<string, string>();
  for (const text of flags['org-host'] ?? []) {
    const [org, host] = text.includes('=')
      ? (text.split('=', 2) as [string, string])
      : ids.length === 1
        ? [ids[0] ?? '', text]
        : ['', text];
    if (!ids.includes(org))
      problems.push(
        `--org-host ${text}: with several orgs it is <org>=<host>, for an org given by --org (e.g. --org-host acme=login.acme.example.com)`,
      );
    else if (!z.hostname().safeParse(host).success)
      problems.push(`--org-host ${text}: is a host name (e.g. --org-host login.acme.example.com)`);
    else hosts.set(org, host.toLowerCase());
  }
  return ids.map((id) => ({ kind: 'flag', id, host: hosts.get(id) ?? `${id}.okta.com`, secret: hookSecret }));
}

function check<T>(read: () => T, name: string, example: string, problems: string[]): T | undefined {
  try {
    return read();
  } catch (error) {
    problems.push(`${name} ${(error as Error).message} (e.g. ${example})`);
    return undefined;
  }
}

export const helpText = `npm start -- [flags]

  --port N            port of the hook URL and the admin API on 127.0.0.1 (default ${defaults.port}; 0: any free one)
  --data-dir DIR      where state lives (default ${defaults['data-dir']}; the key that seals secrets is DIR.key beside it)
  --org NAME          an Okta org, by your own short name; may be repeated (default ${defaults.org})
  --org-host HOST     the org's host (default NAME.okta.com); with several orgs: NAME=HOST
  --hook-secret S     what Okta sends in the Authorization header (default: made up, and printed)
  --admin-token T     bearer token of the admin API (default: made up, and printed; or RELAY_ADMIN_TOKEN)
  --config FILE       orgs with other schemes, several secrets or hosts: docs/configuration.md
  --once              run the demonstration, then exit: 0 when every step worked
  --help              this text

  KAFKA_BROKERS=host:port,…  use a real Kafka instead of the embedded log
`;
