import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDataFolder } from '../../local/data-folder.ts';
import { scratchFolder } from '../support/relay-process.ts';

let scratch: ReturnType<typeof scratchFolder>;
beforeEach(() => {
  scratch = scratchFolder();
});
afterEach(() => scratch.remove());

const nobody = 65_534;

/** Opens it in a process of its own, which a loop cannot hold up and which root's rights do not help: what that printed. */
function openElsewhere(dataDir: string): string {
  const script = `import { openDataFolder } from '${join(import.meta.dirname, '../../local/data-folder.ts')}';
    if (process.getuid() === 0) process.setuid(${nobody});
    try { openDataFolder(process.argv[1]); console.log('opened'); } catch (error) { console.log(error.code + ' ' + error.message); }`;
  const args = ['--input-type=module', '--eval', script, dataDir];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 }).stdout.trim();
}

it('makes the folder with all that lead to it, for its owner alone', () => {
  const path = join(scratch.path, 'one', 'two');
  openDataFolder(path).release();
  expect([path, join(scratch.path, 'one')].map((folder) => statSync(folder).mode & 0o777)).toEqual([0o700, 0o700]);
  openDataFolder(path).release();
});

it('says that a folder cannot be made where a file system takes none, instead of trying for ever', () => {
  expect(openElsewhere('/proc/none/state')).toMatch(
    /^LOCAL_START_FAILED the state folder \/proc\/none\/state cannot be made \(E[A-Z]+\): choose another by --data-dir$/,
  );
});

it('says that a file is no folder', () => {
  const file = join(scratch.path, 'file');
  writeFileSync(file, '');
  expect(() => openDataFolder(file)).toThrow(`the state folder ${file} cannot be made (EEXIST)`);
});

it('names the missing permission, of the folder, of the one beside it that takes the key, and of the key', () => {
  chmodSync(scratch.path, 0o711);
  const path = join(scratch.path, 'state');
  mkdirSync(path, { mode: 0o555 });
  expect(openElsewhere(path)).toContain(`the state folder ${path} cannot be written (EACCES)`);

  chmodSync(path, 0o700);
  if (process.getuid?.() === 0) chownSync(path, nobody, nobody);
  else chmodSync(scratch.path, 0o511);
  expect(openElsewhere(path)).toContain(`LOCAL_START_FAILED the key ${path}.key cannot be made (EACCES)`);

  chmodSync(scratch.path, 0o777);
  writeFileSync(`${path}.key`, `${'0'.repeat(64)}\n`);
  chmodSync(`${path}.key`, 0o000);
  expect(openElsewhere(path)).toContain(`CONFIG_INVALID The key file ${path}.key cannot be read (EACCES): it is to be a file that belongs`);
});

it('gives the reason of SQLite, not the name of its errors', () => {
  const path = join(scratch.path, 'state');
  mkdirSync(join(path, 'lock.db'), { recursive: true });
  writeFileSync(`${path}.key`, `${'0'.repeat(64)}\n`, { mode: 0o600 });
  expect(() => openDataFolder(path)).toThrow(`the state folder ${path} cannot be written (unable to open database file)`);
});
