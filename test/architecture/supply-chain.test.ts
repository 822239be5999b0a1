import { describe, expect, it } from 'vitest';
import { contradictions, isAllowed, licencesOf } from '../../scripts/supply-chain/licences.ts';
import { type LockEntry, type LockFile, readLockFile, readManifest } from '../../scripts/supply-chain/lock-file.ts';
import { lockProblems } from '../../scripts/supply-chain/lock-problems.ts';
import { repositoryRoot } from './repository.ts';

const lock = readLockFile(repositoryRoot);
const manifest = readManifest(repositoryRoot);

describe('the lock file', () => {
  it('holds every package to a hash, from no particular host, without a script that nobody allowed', () => {
    expect(lockProblems(lock, manifest)).toEqual([]);
  });

  /** The lock file with one package more, or one that is another. */
  const having = (path: string, entry: LockEntry): LockFile => ({ ...lock, packages: { ...lock.packages, [path]: entry } });
  const zod = lock.packages['node_modules/zod'] ?? {};
  const { integrity: _, ...hashless } = zod;

  it.each<[string, LockEntry, string]>([
    ['without a hash', hashless, 'node_modules/zod has no sha512'],
    ['with a weak hash', { ...zod, integrity: 'sha1-W5weLSkUHwWzTXKR3KmFuFlrHdE=' }, 'node_modules/zod has no sha512'],
    ['from a host', { ...zod, resolved: 'https://registry.example.com/zod.tgz' }, 'node_modules/zod names where it comes from'],
    ['that is a link', { ...zod, link: true }, 'node_modules/zod is a link'],
    ['with a dependency in git', { ...zod, dependencies: { a: 'git+ssh://git@git.example.com/a.git' } }, 'node_modules/zod asks for a from git+ssh://git@git.example.com/a.git'], // prettier-ignore
    ['with a dependency on a host', { ...zod, dependencies: { a: 'https://example.com/a.tgz' } }, 'node_modules/zod asks for a from https://example.com/a.tgz'], // prettier-ignore
    ['with a dependency in a file', { ...zod, optionalDependencies: { a: 'file:../a' } }, 'node_modules/zod asks for a from file:../a'],
    ['with a dependency on a repository', { ...zod, dependencies: { a: 'someone/a' } }, 'node_modules/zod asks for a from someone/a'],
    ['that runs a script', { ...zod, hasInstallScript: true }, 'node_modules/zod runs a script at installation, which allowScripts does not name'], // prettier-ignore
    ['in another version', { ...zod, version: '4.0.0' }, `package.json pins zod to ${manifest.dependencies['zod'] ?? ''}, the lock file to 4.0.0`], // prettier-ignore
  ])('with a package %s has a problem', (_, entry, problem) => {
    expect(lockProblems(having('node_modules/zod', entry), manifest)).toEqual([problem]);
  });

  it('is of use only with exact pins', () => {
    const loose = { ...manifest, dependencies: { ...manifest.dependencies, zod: '^4.0.0' } };
    expect(lockProblems(lock, loose)).toEqual(['package.json pins zod to ^4.0.0, which is no exact version']);
  });
});

describe('the licences', () => {
  it('are all allowed', () => {
    expect(licencesOf(lock).filter((each) => !isAllowed(each))).toEqual([]);
  });

  it('are what the packages themselves say', () => {
    expect(contradictions(lock, repositoryRoot)).toEqual([]);
  });

  it.each([
    ['MIT', false, true],
    ['(MIT OR GPL-3.0-or-later)', false, true],
    ['MIT AND GPL-3.0-only', false, false],
    ['(MIT AND ISC)', false, true],
    ['MIT OR (GPL-3.0-only AND ISC)', false, false],
    ['MPL-2.0', true, true],
    ['MPL-2.0', false, false],
    ['AGPL-3.0-only', true, false],
    ['SEE LICENSE IN LICENSE', true, false],
    ['UNLICENSED', true, false],
    ['none given', true, false],
  ])('%s (a tool: %s) is allowed: %s', (licence, tool, expected) => {
    expect(isAllowed({ licence, tool })).toBe(expected);
  });
});
