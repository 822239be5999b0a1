/** `npm run cost`: what the relay costs in AWS, as docs/cost.md has it. Change the prices and assumptions in scripts/cost/ to your own. */
import './node-version.mjs';
import { idleStages } from './cost/idle-stages.ts';
import { costReport } from './cost/report.ts';

console.log(costReport(idleStages()));
