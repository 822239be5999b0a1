import './node-version.mjs';
import { runCheckStages } from './check-stages.ts';

/** `npm run check`: the four looks at the source that `npm test` begins with. */
const results = await runCheckStages(console.log);
process.exitCode = results.every((result) => result.passed) ? 0 : 1;
