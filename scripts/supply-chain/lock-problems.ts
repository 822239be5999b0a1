import { type LockEntry, type LockFile, type Manifest, packageAt } from './lock-file.ts';

/** A version or a range of versions in the registry, and nothing that points past it: git, a file, an URL, an alias. */
const fromRegistry = /^[\^~<>=*|.\s\dvxX-]+[-\w.+|\s<>=^~]*$/;
const exact = /^\d+\.\d+\.\d+$/;

/**
 * What is wrong with the lock file, in sentences; empty when nothing is. With `npm ci` it decides what runs: each package is held to a
 * hash, comes from whatever registry the machine uses, and runs no script at installation that is not named in package.json.
 */
export function lockProblems(lock: LockFile, manifest: Manifest): string[] {
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
  return [
    ...(lock.lockfileVersion === 3 ? [] : [`lockfileVersion is ${lock.lockfileVersion}, not 3`]),
    ...entries.flatMap(([path, entry]) => entryProblems(path, entry)),
    ...entries
      .filter(([path, { hasInstallScript }]) => hasInstallScript === true && manifest.allowScripts[packageAt(path)] !== true)
      .map(([path]) => `${path} runs a script at installation, which allowScripts does not name`),
    ...pinProblems(lock, manifest),
  ];
}

function entryProblems(path: string, entry: LockEntry): string[] {
  const asked = Object.entries({ ...entry.dependencies, ...entry.optionalDependencies });
  return [
    ...(entry.link === true ? [`${path} is a link`] : []),
    ...(entry.resolved === undefined ? [] : [`${path} names where it comes from`]),
    // What a package brings inside itself is covered by that package's own hash.
    ...(entry.inBundle === true || /^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? '') ? [] : [`${path} has no sha512`]),
    ...asked.filter(([, range]) => !isFromRegistry(range)).map(([name, range]) => `${path} asks for ${name} from ${range}`),
  ];
}

/** An alias names another package of the registry, whose own entry is looked at. */
function isFromRegistry(range: string): boolean {
  return range === '' || range === 'latest' || fromRegistry.test(range.replace(/^npm:(@[^/]+\/)?[^@/]+@/, ''));
}

function pinProblems(lock: LockFile, manifest: Manifest): string[] {
  return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).flatMap(([name, version]) => {
    if (!exact.test(version)) return [`package.json pins ${name} to ${version}, which is no exact version`];
    const locked = lock.packages[`node_modules/${name}`]?.version;
    return locked === version ? [] : [`package.json pins ${name} to ${version}, the lock file to ${locked ?? 'nothing'}`];
  });
}
