/**
 * `npm run synth`: every stage with every way to have Kafka, as templates in cdk.out/synth/, each held against the rules of
 * infra/rules.ts. Needs no account and no network. Ends with exit code 1 when one of them has a finding. `npm test` holds them against
 * the same rules, without making bundles (test/infra/rules.test.ts).
 */
import { App } from 'aws-cdk-lib';
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repositoryRoot } from './bundling.ts';
import { readCdkContext } from './cdk-context.ts';
import { findings } from './findings.ts';
import { RelayStack } from './relay-stack.ts';
import { checkAgainstRules } from './rules.ts';
import type { Stage } from './stages.ts';
import { variants } from './variants.ts';

const folder = join(repositoryRoot, 'cdk.out', 'synth');
const account = '111122223333';

/** The functions are the same in all of them: they are bundled once, which is most of the work. */
function synthesise(name: string, stage: Stage, bundle: boolean): string[] {
  const outdir = join(folder, name);
  const context = { ...readCdkContext(), ...(bundle ? {} : { 'aws:cdk:bundling-stacks': [] }) };
  const app = new App({ outdir, context, analyticsReporting: false });
  checkAgainstRules(app);
  new RelayStack(app, `okta-event-relay-${name}`, { stage, env: { region: stage.region, account } });
  try {
    app.synth();
  } catch (error) {
    // Findings end in an error as well, and CDK has printed them; without any it is one of its own.
    const found = findings(outdir);
    if (found.length === 0) throw error;
    return found;
  }
  return findings(outdir);
}

rmSync(folder, { recursive: true, force: true });
const all = variants();
let clean = 0;
for (const [at, { name, stage }] of all.entries()) {
  const found = synthesise(name, stage, at === 0);
  if (found.length === 0) clean += 1;
  console.log(`${found.length === 0 ? 'ok    ' : 'FAILED'} ${name}${at === 0 ? ', with bundles' : ''}`);
  for (const finding of found) console.log(`         ${finding}`);
  if (found.length > 0) process.exitCode = 1;
}
console.log(`${clean} of ${all.length} without findings; the templates are in ${relative(process.cwd(), folder)}/`);
