/**
 * `npm run bench -- <name>`: measures one thing on this machine. Without a name it lists what there is.
 */
import '../scripts/node-version.mjs';
import { benches } from './benches.ts';

const [name, ...args] = process.argv.slice(2);
const bench = benches.find((each) => each.name === name);
if (bench === undefined) {
  if (name !== undefined) console.log(`There is no bench "${name}".\n`);
  for (const each of benches) console.log(`npm run bench -- ${each.name.padEnd(12)} ${each.about}`);
  process.exitCode = name === undefined ? 0 : 1;
} else {
  await bench.run(args);
}
