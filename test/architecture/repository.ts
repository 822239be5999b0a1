import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const repositoryRoot = join(import.meta.dirname, '../..');

interface PackageFile {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Paths relative to `folder`, with slashes, sorted; nothing from node_modules. */
export function listFiles(folder: string, pattern: string): string[] {
  return globSync(pattern, { cwd: folder, exclude: (name) => name === 'node_modules' || name === '.relay' || name === 'cdk.out' })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
}

export function readText(file: string): string {
  return readFileSync(join(repositoryRoot, file), 'utf8');
}

export function readJson(file: string): PackageFile {
  // The file is this repository's own package.json; a wrong shape fails the test that reads it.
  return JSON.parse(readText(file)) as PackageFile;
}

/** Lines as an editor counts them: the newline at the end of the file starts none. */
export function countLines(file: string): number {
  return readText(file).replace(/\n$/, '').split('\n').length;
}
