import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile } from '#lib/sealing/local-key-file.ts';
import { dataKeysContract } from './data-keys.contract.ts';

dataKeysContract('local', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'data-keys-'));
  const path = join(folder, 'key');
  createLocalKeyFile(path);
  return { keys: localDataKeys(path), again: localDataKeys(path), stop: async () => rmSync(folder, { recursive: true }) };
});
