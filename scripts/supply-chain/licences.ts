import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LockFile, packageAt } from './lock-file.ts';

export interface PackageLicence {
  readonly name: string;
  readonly version: string;
  /** In SPDX's words, as the lock file has it from the registry. */
  readonly licence: string;
  /** Not needed to run the relay: a tool of its development. */
  readonly tool: boolean;
}

/** Licences whose terms the relay can keep, being under Apache-2.0 itself: they ask for a notice and no more. */
const permissive = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Unlicense'];
/** For tools alone, whose files are neither changed nor shipped: what MPL-2.0 asks is asked of those who hand its files on. */
const forTools = ['MPL-2.0'];

/** Each package of the lock file once, by name and version, in order. */
export function licencesOf(lock: LockFile): PackageLicence[] {
  const found = new Map<string, PackageLicence>();
  for (const [path, { version = '?', license: licence = 'none given', dev }] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const name = packageAt(path);
    const key = `${name} ${version}`;
    // Needed for running in one place is needed for running.
    found.set(key, { name, version, licence, tool: dev === true && found.get(key)?.tool !== false });
  }
  return [...found.values()].sort((a, b) => (a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1));
}

/** Whether one may use a package under this licence. Of a choice, `(A OR B)`, one that is allowed is enough; of `A AND B`, all. */
export function isAllowed({ licence, tool }: Pick<PackageLicence, 'licence' | 'tool'>): boolean {
  const terms = licence.replace(/^\((.*)\)$/, '$1');
  if (terms.includes('(')) return false;
  if (terms.includes(' OR ')) return terms.split(' OR ').some((one) => isAllowed({ licence: one, tool }));
  if (terms.includes(' AND ')) return terms.split(' AND ').every((one) => isAllowed({ licence: one, tool }));
  return permissive.includes(terms) || (tool && forTools.includes(terms));
}

/** Packages that are installed and say something else about their licence than the lock file does. */
export function contradictions(lock: LockFile, root: string): string[] {
  return Object.entries(lock.packages).flatMap(([path, { license: locked }]) => {
    const file = join(root, path, 'package.json');
    // Of a package with a variant for each platform, the others are not there.
    if (path === '' || !existsSync(file)) return [];
    const said = spdxOf(JSON.parse(readFileSync(file, 'utf8')) as { license?: unknown; licenses?: unknown });
    return said === locked ? [] : [`${path} says ${said ?? 'nothing'}, the lock file ${locked ?? 'nothing'}`];
  });
}

/** Old packages write an object, or a list of them. */
function spdxOf({ license, licenses }: { license?: unknown; licenses?: unknown }): string | undefined {
  const first: unknown = license ?? (Array.isArray(licenses) ? licenses[0] : undefined);
  if (typeof first === 'string') return first;
  const type: unknown = typeof first === 'object' && first !== null && 'type' in first ? first.type : undefined;
  return typeof type === 'string' ? type : undefined;
}
