import { RelayError } from '../errors.ts';
import { environmentVariable } from './environment.ts';
import { variables, type Variable, type VariableName } from './variables.ts';

type Config<Name extends VariableName> = { readonly [N in Name]: (typeof variables)[N] extends Variable<infer T> ? T : never };

/**
 * Reads the named settings, or refuses with every problem at once, each with its variable and an example.
 * @throws RelayError CONFIG_INVALID; its message is meant for an operator's eyes and holds no secret.
 */
export function readConfig<const Name extends VariableName>(names: readonly Name[]): Config<Name> {
  const values: Partial<Record<VariableName, unknown>> = {};
  const problems: string[] = [];
  for (const name of names) {
    const definition: Variable<unknown> = variables[name];
    const given = environmentVariable(name);
    if (given === undefined) {
      if ('fallback' in definition) values[name] = definition.fallback;
      else problems.push(`${name} is not set (e.g. ${name}=${definition.example})`);
      continue;
    }
    try {
      values[name] = definition.parse(given);
    } catch (error) {
      problems.push(`${name} ${(error as Error).message} (e.g. ${name}=${definition.example})`);
    }
  }
  if (problems.length > 0) throw configError(problems);
  return values as Config<Name>; // every name was filled or reported above
}

/** One error for a list of problems, for checks that span variables. */
export function configError(problems: readonly string[]): RelayError {
  return new RelayError(
    'CONFIG_INVALID',
    `The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n  - ${problems.join('\n  - ')}`,
    { facts: { problems: problems.length } },
  );
}
