import type { z } from 'zod';

/** One field at fault. `pointer` is a JSON pointer (RFC 6901) into what was sent; empty for the whole. */
export interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** More would not help whoever reads them. */
const maxProblems = 100;
/** A name that was sent, not one of ours, can be of any length. */
const maxNameLength = 100;

/**
 * What zod found, field by field. Holds names of fields and our own sentences, and of what was sent no value but the host of a URL and a name in a
 * filter: both would be looked for long where nobody says which it is. None is longer than 253 characters.
 */
export function fieldProblemsOf(error: z.ZodError): FieldProblem[] {
  return error.issues
    .flatMap((issue) => {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return paths.map((path) => ({ pointer: jsonPointer(path), detail: issue.message }));
    })
    .slice(0, maxProblems);
}

function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((name) => `/${String(name).slice(0, maxNameLength).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
