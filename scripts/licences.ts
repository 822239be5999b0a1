/**
 * `npm run licences`: every package of the lock file with its version and its licence, those that the relay needs to run first. Ends with exit code 1 when
 * one has a licence that is not allowed (scripts/supply-chain/licences.ts).
 */
import './node-version.mjs';
import { join } from 'node:path';
import { isAllowed, licencesOf, type PackageLicence } from './supply-chain/licences.ts';
import { readLockFile } from './supply-chain/lock-file.ts';

const packages = licencesOf(readLockFile(join(import.meta.dirname, '..')));

function list(title: string, some: readonly PackageLicence[]): void {
  console.log(`${title}: ${some.length}`);
  for (const each of some)
    console.log(`  ${`${each.name} ${each.version}`.padEnd(60)} ${each.licence}${isAllowed(each) ? '' : '   NOT ALLOWED'}`);
  const counts = [...Map.groupBy(some, ({ licence }) => licence)].map(([licence, { length }]) => `${licence} ${length}`);
  console.log(`  ${counts.sort().join(', ')}\n`);
}

list('To run and to deploy the relay', packages.filter(({ tool }) => !tool)); // prettier-ignore
list('To develop it', packages.filter(({ tool }) => tool)); // prettier-ignore
if (!packages.every(isAllowed)) process.exitCode = 1;
