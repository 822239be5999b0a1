import { App } from 'aws-cdk-lib';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCdkContext } from './cdk-context.ts';
import { RelayStack } from './relay-stack.ts';
import type { Stage } from './stages.ts';

/** The template of a stage for an account that does not exist, without its bundles: for what is counted, not deployed. */
export function templateOf(stage: Stage): unknown {
  const outdir = mkdtempSync(join(tmpdir(), 'template-'));
  try {
    const app = new App({ outdir, context: { ...readCdkContext(), 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
    const stack = new RelayStack(app, 'relay', { stage, env: { region: stage.region, account: '111122223333' } });
    return app.synth().getStackByName(stack.stackName).template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
