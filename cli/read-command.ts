import type { HooksToRegister } from './register-hooks.ts';
import type { RelayAdmin } from './relay-patterns.ts';
import type { OktaCredentials } from './okta-authorization.ts';
import { readFlags, type GivenFlags } from './read-flags.ts';
import { readCredentials } from './read-credentials.ts';
import { readSecret } from './read-secret.ts';
import { readUrl } from './read-url.ts';
import { wantedEventTypes } from './wanted-event-types.ts';

/** Where event types are looked up: named, or those of the relay's subscriptions. */
export type Patterns =
  | { readonly kind: 'named'; readonly patterns: readonly string[] }
  | { readonly kind: 'relay'; readonly relay: RelayAdmin; readonly org: string };

interface AtOkta {
  readonly oktaOrg: URL;
  readonly credentials: OktaCredentials;
  /** All that was read from files and variables, to be kept out of what is printed. */
  readonly secrets: readonly string[];
}

export type Command = AtOkta &
  (
    | {
        readonly kind: 'hook register';
        readonly patterns: Patterns;
        readonly also: readonly string[];
        readonly hooks: Omit<HooksToRegister['wanted'], 'types'>;
        readonly secret: string | undefined;
      }
    | { readonly kind: 'hook list' }
    | { readonly kind: 'hook remove'; readonly url: string; readonly dryRun: boolean }
  );

export type ReadCommand =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

const typeName = /^[A-Za-z0-9._-]{1,199}\*?$|^\*$/;
/** RFC 9110 5.6.2. */
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** Reads flags, variables and files; answers every problem at once. */
export function readCommand(args: readonly string[]): ReadCommand {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  if (flags.help) return { kind: 'help' };
  if (flags.version) return { kind: 'version' };
  // What a command needs is not known before the command is.
  if (flags.command === undefined) return { kind: 'problems', problems };
  const oktaOrg = readUrl(flags, 'okta-org', problems);
  const credentials = readCredentials(flags, problems);
  const read = readRest(flags, problems);
  if (problems.length > 0 || oktaOrg === undefined || credentials === undefined || read === undefined)
    return { kind: 'problems', problems };
  const secrets = [...(credentials.kind === 'api-token' ? [credentials.token] : []), ...read.secrets];
  return { kind: 'command', command: { ...read.command, oktaOrg, credentials, secrets } };
}

type WithoutOkta<Of> = Of extends Command ? Omit<Of, keyof AtOkta> : never;
interface Rest {
  readonly command: WithoutOkta<Command>;
  readonly secrets: readonly string[];
}

function readRest(flags: GivenFlags, problems: string[]): Rest | undefined {
  if (flags.command === 'hook list') return { command: { kind: 'hook list' }, secrets: [] };
  const target = readHookUrl(flags, problems);
  if (flags.command === 'hook register') return readRegister(flags, target, problems);
  if (target === undefined) return undefined;
  return { command: { kind: 'hook remove', url: target.url, dryRun: flags.has('dry-run') }, secrets: [] };
}

interface HookTarget {
  readonly url: string;
  /** The relay's name for the org, which is in the URL. */
  readonly org: string;
}

function readHookUrl(flags: GivenFlags, problems: string[]): HookTarget | undefined {
  const url = readUrl(flags, 'hook-url', problems);
  const org = /\/okta\/([a-z0-9][a-z0-9-]{0,62})\/events$/.exec(url?.pathname ?? '')?.[1];
  if (url !== undefined && org !== undefined) return { url: url.href, org };
  if (url !== undefined)
    problems.push('--hook-url ends in /okta/ORG/events, with the name that the relay has for your org in place of ORG');
  return undefined;
}

function readRegister(flags: GivenFlags, target: HookTarget | undefined, problems: string[]): Rest | undefined {
  const secret = readSecret(flags, 'secret', problems);
  if (
    !flags.has('secret-env') &&
    !flags.has('secret-file') &&
    !flags.has('dry-run') &&
    !flags.isFaulty('secret-env') &&
    !flags.isFaulty('secret-file')
  )
    problems.push('--secret-env or --secret-file is needed: the secret that the relay has for this org');
  const name = flags.value('header-name') ?? 'Authorization';
  if (!headerName.test(name)) problems.push('--header-name is no name of a header');
  const patterns = readPatterns(flags, target?.org ?? '', problems);
  const also = readTypes(flags, 'also', problems);
  if (also.some((type) => type.endsWith('*'))) problems.push('--also takes whole names of event types');
  if (patterns === undefined || target === undefined) return undefined;
  const hooks = {
    url: target.url,
    headerName: name,
    name: flags.value('name')?.trim() ?? 'okta-event-relay',
    exact: flags.has('exact'),
    setSecret: flags.has('set-secret'),
    move: flags.has('move'),
  };
  const tokens = patterns.kind === 'relay' && patterns.relay.proof.kind === 'token' ? [patterns.relay.proof.token] : [];
  return {
    command: { kind: 'hook register', patterns, also, hooks, secret: flags.has('dry-run') ? undefined : secret },
    secrets: [...tokens, ...(secret === undefined ? [] : [secret])],
  };
}

function readPatterns(flags: GivenFlags, org: string, problems: string[]): Patterns | undefined {
  if (flags.isFaulty('types') || flags.isFaulty('from-relay')) return undefined;
  if (flags.has('types') === flags.has('from-relay')) {
    problems.push('give either --types or --from-relay');
    return undefined;
  }
  if (flags.has('types')) {
    const patterns = readTypes(flags, 'types', problems);
    const { unknown } = wantedEventTypes(patterns.filter((pattern) => typeName.test(pattern)));
    if (unknown.length > 0)
      problems.push(`--types: no event hook has ${unknown.join(', ')}: look at the spelling; a type of Okta's that is newer than the list in here goes into --also`); // prettier-ignore
    return { kind: 'named', patterns };
  }
  const url = readUrl(flags, 'from-relay', problems);
  const token = readSecret(flags, 'relay-token', problems);
  const region = flags.value('relay-region');
  if ((flags.has('relay-token-env') || flags.has('relay-token-file')) === (region !== undefined))
    problems.push('--from-relay needs either a token (--relay-token-env, --relay-token-file) or --relay-region');
  if (url === undefined || (token === undefined && region === undefined)) return undefined;
  const proof = token === undefined ? { kind: 'iam' as const, region: region ?? '' } : { kind: 'token' as const, token };
  return { kind: 'relay', org, relay: { url: url.href.replace(/\/(v1\/?)?$/, ''), proof } };
}

function readTypes(flags: GivenFlags, flag: 'types' | 'also', problems: string[]): string[] {
  const types = (flags.value(flag) ?? '').split(',').flatMap((type) => (type.trim() === '' ? [] : [type.trim()]));
  if (types.some((type) => !typeName.test(type)))
    problems.push(`--${flag}: types such as identity.user.created; a * can stand at the end only`);
  if (flags.has(flag) && types.length === 0) problems.push(`--${flag} names no type`);
  return types;
}
