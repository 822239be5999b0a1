import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { RelayError } from '../errors.ts';

const keyBytes = 32;
const ownerOnly = 0o600;

/**
 * Makes a new master key for local mode: 32 random bytes in hex, in a file that only its owner can read. An existing file is
 * never touched. The file appears whole or not at all, also when the process is killed half-way.
 */
export function createLocalKeyFile(path: string): 'created' | 'exists' {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  writeDurably(draft, `${randomBytes(keyBytes).toString('hex')}\n`);
  try {
    // Unlike a rename, a link fails when the name is taken; so one of two processes wins, and both use its key.
    linkSync(draft, path);
    return 'created';
  } catch (error) {
    if (isNodeError(error, 'EEXIST')) return 'exists';
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', ownerOnly);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** @throws RelayError CONFIG_INVALID; the message says how to mend it and holds nothing of the key. */
export function readLocalKeyFile(path: string): Buffer {
  const { mode, text } = readWithMode(path);
  if ((mode & 0o077) !== 0) throw invalid(`${path} can be read by others than its owner. Run: chmod 600 ${path}`);
  if (!/^[0-9a-f]{64}\s*$/i.test(text)) throw invalid(`${path} does not hold a key: 32 bytes as 64 hex digits are expected`);
  return Buffer.from(text.trim(), 'hex');
}

/** Mode and text of the same open file, so that it cannot be changed for another in between. */
function readWithMode(path: string): { mode: number; text: string } {
  try {
    const file = openSync(path, 'r');
    try {
      return { mode: fstatSync(file).mode, text: readFileSync(file, 'utf8') };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    throw invalid(
      isNodeError(cause, 'ENOENT')
        ? `The key file ${path} does not exist`
        : `The key file ${path} cannot be read (${code}): it is to be a file that belongs to whoever runs the relay`,
      cause,
    );
  }
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('CONFIG_INVALID', message, { cause });
}

function isNodeError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
