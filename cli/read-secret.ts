import { readFileSync } from 'node:fs';
import { environmentVariable } from '#lib/config/environment.ts';
import type { GivenFlags } from './read-flags.ts';

/** Longest secret in characters: the relay takes 512, an API token of Okta has 42, an RSA key of 4,096 bits as PEM about 3,300. */
const maxSecretLength = 16_384;
const standardInput = 0;
/** A header value: printable ASCII. */
const headerValue = /^[\x20-\x7e]+$/;

type SecretName = 'okta-token' | 'secret' | 'relay-token';

/** One secret from the variable or the file that the flags name, without the newline that editors leave. Undefined: none is named, or a problem was added. */
export function readSecret(flags: GivenFlags, name: SecretName, problems: string[]): string | undefined {
  const variable = flags.value(`${name}-env`);
  const file = flags.value(`${name}-file`);
  if (variable !== undefined && file !== undefined) problems.push(`--${name}-env and --${name}-file: give one of them`);
  const text = variable === undefined ? readSecretFile(`--${name}-file`, file, problems) : fromVariable(name, variable, problems);
  const secret = text?.trim();
  if (secret === undefined) return undefined;
  if (headerValue.test(secret)) return secret;
  problems.push(`--${name}-${variable === undefined ? 'file' : 'env'}: what is there is no header value: one line of printable ASCII`);
  return undefined;
}

function fromVariable(name: SecretName, variable: string, problems: string[]): string | undefined {
  const value = environmentVariable(variable);
  if (value === undefined) problems.push(`--${name}-env: there is no variable of that name, or nothing in it`);
  return value;
}

/** The text of a file, or undefined with a problem that names the flag and the system's reason, not what was in it. */
export function readSecretFile(flag: string, file: string | undefined, problems: string[]): string | undefined {
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file === '-' ? standardInput : file, 'utf8');
    if (text.length <= maxSecretLength) return text;
    problems.push(`${flag}: the file is too long for a secret`);
  } catch (error) {
    // Whatever keeps a file from being read is for its owner to see.
    problems.push(`${flag}: cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'})`);
  }
  return undefined;
}
