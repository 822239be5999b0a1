import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localDataKeys } from '#lib/sealing/local-data-keys.ts';
import { createLocalKeyFile, readLocalKeyFile } from '#lib/sealing/local-key-file.ts';

describe('the local key file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'key-file-'));
    path = join(folder, 'key');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is 32 random bytes in hex that only its owner can read, and nothing beside it', () => {
    expect(createLocalKeyFile(path)).toBe('created');
    expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['key']);
    expect(readLocalKeyFile(path)).toHaveLength(32);
  });

  it('is never written over', () => {
    createLocalKeyFile(path);
    const before = readFileSync(path, 'utf8');
    expect(createLocalKeyFile(path)).toBe('exists');
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['key']);
  });

  it('is another one each time', () => {
    createLocalKeyFile(path);
    createLocalKeyFile(`${path}2`);
    expect(readFileSync(path, 'utf8')).not.toBe(readFileSync(`${path}2`, 'utf8'));
  });

  it.each([0o640, 0o604, 0o660, 0o644, 0o777, 0o610])('with mode %o is refused, with the command that mends it', (mode) => {
    createLocalKeyFile(path);
    chmodSync(path, mode);
    expect(() => localDataKeys(path)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(`chmod 600 ${path}`) }),
    );
    chmodSync(path, 0o600);
    expect(() => localDataKeys(path)).not.toThrow();
  });

  it.each([
    ['empty', ''],
    ['too short', 'ab'.repeat(31)],
    ['too long', 'ab'.repeat(33)],
    ['not hex', 'zz'.repeat(32)],
    ['two lines', `${'ab'.repeat(32)}\n${'ab'.repeat(32)}`],
  ])('that is %s is refused without quoting it', (_, text) => {
    writeFileSync(path, text, { mode: 0o600 });
    const read = () => localDataKeys(path);
    expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('64 hex digits') }));
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining(text.slice(0, 8) || 'never') }));
  });

  it('that is missing or a folder is refused by name', () => {
    expect(() => localDataKeys(path)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: `The key file ${path} does not exist` }),
    );
    mkdirSync(path);
    expect(() => localDataKeys(path)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(`The key file ${path} cannot be read (EISDIR)`) }),
    );
  });

  it('names its key by a fingerprint from which the key cannot be had', async () => {
    createLocalKeyFile(path);
    const { keyId } = await localDataKeys(path).generate({ purpose: 'signing-secret', owner: 'sub_a' });
    expect(keyId).toMatch(/^local:[0-9a-f]{16}$/);
    expect(readFileSync(path, 'utf8')).not.toContain(keyId.slice('local:'.length));
  });
});
