import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { RelayError } from '#lib/errors.ts';

/** Version of the format of everything in the log's folder but the segments, which carry their own. */
const format = 1;

/**
 * What a small state file holds; undefined when there is none.
 * @throws RelayError LOCAL_START_FAILED when it is not ours or of another version: guessing would read records again, or skip some
 */
export function readStateFile(path: string): Record<string, unknown> | undefined {
  const text = contentOf(path);
  if (text === undefined) return undefined;
  const state = parse(text);
  if (state?.['format'] !== format) {
    throw new RelayError(
      'LOCAL_START_FAILED',
      `${path} is damaged or was written by another version: delete the state folder to start afresh`,
    );
  }
  return state;
}

/** Replaces the file whole: a process killed in between leaves the old one or the new one. */
export function writeStateFile(path: string, state: Readonly<Record<string, unknown>>): void {
  const draft = `${path}.new`;
  writeFileSync(draft, JSON.stringify({ format, ...state }));
  renameSync(draft, path);
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // Not JSON is not ours: the caller says so.
    return undefined;
  }
}
