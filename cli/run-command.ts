import { cleanText } from './clean-text.ts';
import { CommandFailure } from './command-failure.ts';
import { helpText } from './flag-table.ts';
import { isOnThisMachine } from './is-on-this-machine.ts';
import { OktaApi } from './okta-api.ts';
import { packageVersion } from './package-version.ts';
import { readCommand, type Command } from './read-command.ts';
import { registerHooks } from './register-hooks.ts';
import { relayPatterns } from './relay-patterns.ts';
import { removeHooks } from './remove-hooks.ts';
import { showHooks } from './show-hooks.ts';
import type { Surroundings } from './surroundings.ts';
import { wantedEventTypes } from './wanted-event-types.ts';

/** 0: done, or nothing to do. 1: it could not be done. 2: the command itself is wrong, and nothing was sent to anybody. */
export type ExitCode = 0 | 1 | 2;

/** What `okta-relay` does. Says everything through `print` and `complain`. */
export async function runCommand(
  args: readonly string[],
  given: Surroundings & { readonly complain: (line: string) => void },
): Promise<ExitCode> {
  const read = readCommand(args);
  if (read.kind === 'help') {
    given.print(helpText);
    return 0;
  }
  if (read.kind === 'version') {
    given.print(`okta-relay ${packageVersion()}`);
    return 0;
  }
  if (read.kind === 'problems') {
    for (const problem of read.problems) given.complain(problem);
    return 2;
  }
  const clean = cleanText(read.command.secrets);
  const surroundings: Surroundings = { ...given, print: (line) => given.print(clean(line)) };
  try {
    await carryOut(read.command, surroundings);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    for (const line of [error.message, ...error.advice.map((advice) => `  ${advice}`)]) given.complain(clean(line));
    return 1;
  }
}

async function carryOut(command: Command, surroundings: Surroundings): Promise<void> {
  const { print } = surroundings;
  const api = new OktaApi(command.oktaOrg, command.credentials, { ...surroundings, notice: print });
  switch (command.kind) {
    case 'hook list':
      return showHooks(api, print);
    case 'hook remove':
      return removeHooks(api, command, print);
    case 'hook register':
      return register(api, command, surroundings);
  }
}

async function register(api: OktaApi, command: Extract<Command, { kind: 'hook register' }>, surroundings: Surroundings): Promise<void> {
  const { patterns, also, hooks, secret } = command;
  const asked = patterns.kind === 'named' ? patterns.patterns : await relayPatterns(patterns.relay, patterns.org);
  const { types, unavailable } = wantedEventTypes(asked, also);
  if (unavailable.length > 0) surroundings.print(`Left out, because no event hook has them: ${unavailable.join(', ')}`);
  if (types.length === 0)
    throw new CommandFailure('No event type that an event hook can have is asked for', [
      patterns.kind === 'named' ? 'Name others with --types.' : 'Subscribe to some first, or name them with --types.',
    ]);
  if (isOnThisMachine(new URL(hooks.url)) && !isOnThisMachine(command.oktaOrg))
    surroundings.print('Okta cannot reach --hook-url, which is on this machine: it will not be able to verify the hook. Give it the HTTPS URL of a tunnel or of a deployment.'); // prettier-ignore
  await registerHooks(api, { wanted: { ...hooks, types }, secret }, surroundings);
}
