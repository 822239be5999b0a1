import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw startError(`the state folder ${path} cannot be made (${codeOf(error)}): choose another by --data-dir`, error);
  }
  if (!isNew && !existsSync(keyFile)) {
    throw startError(
      `the key ${keyFile} is missing, and the secrets in ${path} cannot be opened without it: put it back, or delete ${path} to start afresh`,
    );
  }
  const lock = lockFolder(path);
  createLocalKeyFile(keyFile);
  const key = readKey(keyFile, lock);
  rotateLog(join(path, 'relay.log'));
  return {
    path,
    keyFile,
    derive: (purpose) => createHmac('sha256', key).update(`okta-event-relay local ${purpose}`).digest('base64url'),
    release: () => lock.close(),
  };
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
    throw startError(`the state folder ${path} cannot be written (${codeOf(error)}): choose another by --data-dir`, error);
  }
}

function readKey(keyFile: string, lock: DatabaseSync): Buffer {
  try {
    return readLocalKeyFile(keyFile);
  } catch (error) {
    lock.close();
    throw error;
  }
}

function rotateLog(file: string): void {
  if (existsSync(file) && statSync(file).size > maxLogBytes) renameSync(file, `${file}.1`);
}

function startError(message: string, cause?: unknown): RelayError {
  return new RelayError('LOCAL_START_FAILED', message, { cause });
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? 'unknown reason';
}
