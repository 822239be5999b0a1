/**
 * `npm run advisories`: asks the registry for advisories about every package of the lock file, and lists them all. Ends with exit code 1 when one is about
 * a package that the relay needs to run or to be deployed, and with 2 when there was no answer: then nothing is known, and nothing is claimed.
 */
import './node-version.mjs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Advisory, readAdvisories } from './supply-chain/advisories.ts';
import { readLockFile } from './supply-chain/lock-file.ts';

const root = join(import.meta.dirname, '..');
const timeoutMs = 120_000;

const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: root, encoding: 'utf8', timeout: timeoutMs });
const report = readAdvisories(stdout, readLockFile(root));
const today = new Date().toISOString().slice(0, 10);

function list(title: string, some: readonly Advisory[]): void {
  console.log(`${title}: ${some.length}`);
  for (const { name, range, severity, title: about, url } of some) console.log(`  ${name} ${range}   ${severity}   ${about}   ${url}`);
}

if (report.kind === 'unreachable') {
  console.log(`${today}: NO ANSWER, so nothing is known of advisories: ${report.reason}`);
  console.log('Ask again where the registry can be reached, and answers npm audit.');
  process.exitCode = 2;
} else {
  const shipped = report.advisories.filter(({ isShipped }) => isShipped);
  console.log(`${today}: advisories about the packages of package-lock.json`);
  list('To run and to deploy the relay', shipped);
  list('To develop it', report.advisories.filter(({ isShipped }) => !isShipped)); // prettier-ignore
  if (shipped.length > 0) process.exitCode = 1;
}
