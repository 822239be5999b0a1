import { readPrivateKey, type OktaCredentials } from './okta-authorization.ts';
import type { GivenFlags } from './read-flags.ts';
import { readSecret, readSecretFile } from './read-secret.ts';

const flagsOfCredentials = ['okta-token-env', 'okta-token-file', 'client-id', 'private-key-file', 'key-id'] as const;

/** An API token, or the three parts of a service app. Undefined with at least one problem. */
export function readCredentials(flags: GivenFlags, problems: string[]): OktaCredentials | undefined {
  const byToken = flags.has('okta-token-env') || flags.has('okta-token-file');
  const byKey = flags.has('client-id') || flags.has('private-key-file') || flags.has('key-id');
  if (flagsOfCredentials.some((name) => flags.isFaulty(name))) return undefined;
  if (byToken === byKey) {
    problems.push('give either an API token (--okta-token-env, --okta-token-file) or a service app (--client-id, --private-key-file)');
    return undefined;
  }
  if (byKey) return readKey(flags, problems);
  const token = readSecret(flags, 'okta-token', problems);
  return token === undefined ? undefined : { kind: 'api-token', token };
}

function readKey(flags: GivenFlags, problems: string[]): OktaCredentials | undefined {
  const clientId = flags.value('client-id');
  const text = readSecretFile('--private-key-file', flags.value('private-key-file'), problems);
  if (clientId === undefined || !flags.has('private-key-file'))
    problems.push('a service app needs both --client-id and --private-key-file');
  if (clientId === undefined || text === undefined) return undefined;
  const read = readPrivateKey(text);
  if (read.kind === 'key') return { ...read, kind: 'private-key', clientId, keyId: flags.value('key-id') ?? read.keyId };
  problems.push(`--private-key-file ${read.problem}`);
  return undefined;
}
