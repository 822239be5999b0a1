/**
 * The `okta-relay` command, run from a clone by `npm run okta-relay -- …`. Arguments, files and variables come in; lines go to standard output,
 * complaints to standard error. Run again after anything that went wrong, it goes on from there.
 */
import { runCommand } from './run-command.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
