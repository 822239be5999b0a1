import { createHmac } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RelayError } from '#lib/errors.ts';
import { createLocalKeyFile, readLocalKeyFile } from '#lib/sealing/local-key-file.ts';

export interface DataFolder {
  readonly path: string;
  /** The key that seals secrets: beside the folder, not in it, so that a copy of the folder opens nothing. */
  readonly keyFile: string;
  /** A value that is the same at every start and is stored nowhere: derived from the local key. */
  derive(purpose: string): string;
  release(): void;
}

/** Past this size the last run's log is set aside at start. */
const maxLogBytes = 20 * 1024 * 1024;

/**
 * Opens (or makes) the folder that local mode keeps its state in, for this process alone: the lock is the operating
 * system's, so it ends with the process, however that ends.
 * @throws RelayError LOCAL_START_FAILED when another relay has it, it cannot be written, or its key is missing; CONFIG_INVALID
 * when the key file is no key or open to others
 */
export function openDataFolder(dataDir: string): DataFolder {
  const path = resolve(dataDir);
  const keyFile = `${path}.key`;
  const isNew = !existsSync(join(path, 'lock.db'));
  try {
    makeFolder(path);
  } catch (error) {
    throw startError(`the state folder ${path} cannot be made (${codeOf(error)}): choose another by --data-dir`, error);
  }
  try {
    // SQLite would say no more than that it cannot open its file.
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
  if (!isNew && !existsSync(keyFile)) {
    throw startError(
      `the key ${keyFile} is missing, and the secrets in ${path} cannot be opened without it: put it back, or delete ${path} to start afresh`,
    );
  }
  const lock = lockFolder(path);
  const key = readKey(keyFile, lock);
  rotateLog(join(path, 'relay.log'));
  return {
    path,
    keyFile,
    derive: (purpose) => createHmac('sha256', key).update(`okta-event-relay local ${purpose}`).digest('base64url'),
    release: () => lock.close(),
  };
}

/** One folder after the other: in procfs, which makes none, Node's own way to make them all tries for ever. */
function makeFolder(path: string): void {
  if (isFolder(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else was quicker, which is as good.
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function lockFolder(path: string): DatabaseSync {
  try {
    const lock = new DatabaseSync(join(path, 'lock.db'));
    lock.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS lock (held INTEGER); COMMIT; BEGIN EXCLUSIVE;',
    );
    return lock;
  } catch (error) {
    if (/locked|busy/i.test((error as Error).message)) {
      throw startError(`the state folder ${path} is in use by another relay: stop that one, or choose another folder by --data-dir`, error);
    }
    throw unwritable(path, error);
  }
}

function readKey(keyFile: string, lock: DatabaseSync): Buffer {
  try {
    createLocalKeyFile(keyFile);
    return readLocalKeyFile(keyFile);
  } catch (error) {
    lock.close();
    if (error instanceof RelayError) throw error;
    throw startError(`the key ${keyFile} cannot be made (${codeOf(error)}): choose another place by --data-dir`, error);
  }
}

function rotateLog(file: string): void {
  if (existsSync(file) && statSync(file).size > maxLogBytes) renameSync(file, `${file}.1`);
}

function unwritable(path: string, cause: unknown): RelayError {
  return startError(`the state folder ${path} cannot be written (${codeOf(cause)}): choose another by --data-dir`, cause);
}

function startError(message: string, cause?: unknown): RelayError {
  return new RelayError('LOCAL_START_FAILED', message, { cause });
}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  // Of SQLite's codes Node tells no more than that they are SQLite's.
  return code === 'ERR_SQLITE_ERROR' || code === undefined ? (message ?? 'unknown reason') : code;
}
