/**
 * `npm run bundles`: bundles each function as it is deployed, into dist/bundles/, and prints how many bytes each has and which
 * packages they come from. Ends with exit code 1 when a bundle has grown past its limit.
 */
import './node-version.mjs';
import { join } from 'node:path';
import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';
import { repositoryRoot } from '../infra/bundling.ts';
import { bundleFunction, type Bundle } from './bundles/bundle-function.ts';
import { limitKb } from './bundles/limits.ts';

const shownPackages = 8;
const names = Object.keys(functionSettings) as FunctionName[];
const nameWidth = Math.max(...names.map((name) => name.length));

function line(name: FunctionName, { bytes, bytesByPackage }: Bundle): string {
  const kb = (size: number): number => Math.round(size / 1_024);
  const inside = [...bytesByPackage].sort(([, a], [, b]) => b - a);
  const rest = inside.slice(shownPackages).reduce((sum, [, size]) => sum + size, 0);
  const shown = inside.slice(0, shownPackages).map(([from, size]) => `${from} ${kb(size)}`);
  return `${name.padEnd(nameWidth)} ${String(kb(bytes)).padStart(5)} KB of ${limitKb(name)}: ${[...shown, `everything else ${kb(rest)}`].join(', ')}`;
}

for (const name of names) {
  const bundle = await bundleFunction(name, join(repositoryRoot, 'dist', 'bundles', name));
  console.log(line(name, bundle));
  if (bundle.bytes > limitKb(name) * 1_024) {
    console.log(`${' '.repeat(nameWidth)} is larger than its limit of ${limitKb(name)} KB`);
    process.exitCode = 1;
  }
}
