export type CommandName = 'hook register' | 'hook list' | 'hook remove';

export interface FlagRow {
  /** What stands for the value in the help; absent: the flag has none. */
  readonly value?: string;
  readonly commands: readonly CommandName[];
  readonly about: string;
}

const all: readonly CommandName[] = ['hook register', 'hook list', 'hook remove'];
const changing: readonly CommandName[] = ['hook register', 'hook remove'];
const register: readonly CommandName[] = ['hook register'];

/** Every flag once: the parser, the help and the test of docs/okta.md read this table. */
export const flagTable = {
  'okta-org': { value: 'URL', commands: all, about: 'your Okta org, e.g. https://acme.okta.com' },
  'okta-token-env': { value: 'NAME', commands: all, about: 'the variable that holds an API token (SSWS)' },
  'okta-token-file': { value: 'FILE', commands: all, about: 'the file that holds it; - reads standard input' },
  'client-id': { value: 'ID', commands: all, about: 'instead of a token: the id of a service app' },
  'private-key-file': { value: 'FILE', commands: all, about: 'its private key, as PEM or JWK' },
  'key-id': { value: 'KID', commands: all, about: 'the id of that key at Okta, where a JWK does not say it' },
  'hook-url': { value: 'URL', commands: changing, about: 'the HookUrl of the deployment, with your org in place of ORG' },
  'secret-env': { value: 'NAME', commands: register, about: 'the variable that holds the secret of the org at the relay' },
  'secret-file': { value: 'FILE', commands: register, about: 'the file that holds it; - reads standard input' },
  'header-name': { value: 'NAME', commands: register, about: 'the header that carries the secret; Authorization if not given' },
  name: { value: 'NAME', commands: register, about: 'the name of a new hook; okta-event-relay if not given' },
  types: { value: 'LIST', commands: register, about: 'change types, Okta event types or beginnings with *, with commas between' },
  'from-relay': { value: 'URL', commands: register, about: 'instead of --types: the AdminUrl, whose subscriptions are asked' },
  'relay-token-env': { value: 'NAME', commands: register, about: 'the variable that holds the admin token' },
  'relay-token-file': { value: 'FILE', commands: register, about: 'the file that holds it; - reads standard input' },
  'relay-region': { value: 'REGION', commands: register, about: 'instead of a token: sign for this AWS region, with your AWS credentials' },
  also: { value: 'LIST', commands: register, about: 'Okta event types that are newer than the list in here, passed on as they are' },
  exact: { commands: register, about: 'take out event types that were not asked for, too' },
  'set-secret': { commands: register, about: 'give Okta the secret again: Okta never shows the one it has' },
  move: { commands: register, about: 'a hook of this name that sends elsewhere is pointed here' },
  'dry-run': { commands: changing, about: 'say what would be done and change nothing' },
  help: { commands: all, about: 'this text' },
  version: { commands: all, about: 'the version of okta-event-relay' },
} as const satisfies Record<string, FlagRow>;

export type FlagName = keyof typeof flagTable;

export const commandNames = all;

export const helpText = `okta-relay: the Okta side of okta-event-relay

  npm run okta-relay -- hook register   creates, changes and verifies the event hook; does nothing when all is as it should be
  npm run okta-relay -- hook list       shows the event hooks of the org
  npm run okta-relay -- hook remove     switches off and deletes the hooks that send to --hook-url

${Object.entries<FlagRow>(flagTable)
  .map(([name, { value, about }]) => `  ${`--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(26)}  ${about}`)
  .join('\n')}

Secrets are read from variables and files only: what is typed behind a command is seen by others and kept by the shell.`;
