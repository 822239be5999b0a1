import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../infra/bundling.ts';
import { scaled } from '../support/scale.ts';

const folder = mkdtempSync(join(tmpdir(), 'app-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Artifact {
  readonly type: string;
  readonly environment: string;
  readonly properties: { readonly terminationProtection?: boolean; readonly templateFile?: string };
}

/** `infra/app.ts` as the cdk command runs it: a process of its own, told by variables. Without bundles and rules, which have tests of their own. */
function runApp(context: object) {
  const outdir = mkdtempSync(join(folder, 'out-'));
  const { status, stderr } = spawnSync(process.execPath, [join(repositoryRoot, 'infra/app.ts')], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      CDK_OUTDIR: outdir,
      // What the cdk command says of the caller, who is not asked where the stack is to go.
      CDK_DEFAULT_ACCOUNT: '999988887777',
      CDK_DEFAULT_REGION: 'ap-southeast-2',
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [], ...context }),
      CDK_VALIDATION: 'false',
    },
  });
  return { status, stderr, outdir };
}

function stacksOf(outdir: string): Record<string, Artifact> {
  const { artifacts } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8')) as { artifacts: Record<string, Artifact> };
  return Object.fromEntries(Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack'));
}

/** Each is a process that loads CDK, which takes seconds: one of each list while there is little time. */
const made: [context: object, name: string, environment: string, isProtected: boolean][] = [
  [{ stage: 'prod', region: 'us-east-1', account: '111122223333' }, 'okta-event-relay-prod', 'aws://111122223333/us-east-1', true],
  [{ stage: 'prod' }, 'okta-event-relay-prod', 'aws://unknown-account/eu-central-1', true],
  [{}, 'okta-event-relay-dev', 'aws://unknown-account/eu-central-1', false],
];
const refused: [context: object, message: string | RegExp][] = [
  [{ stage: 'stage' }, 'There is no stage "stage" in infra/stages.ts, only dev, prod'],
  [{ region: 'Frankfurt' }, /Stage "dev" has problems:[^]*at region/],
  [{ account: '1234' }, 'Context "account" must be twelve digits, not "1234"'],
  [{ account: 111122223333 }, 'Context "account" must be a text, not 111122223333'],
];

describe('what cdk runs', { timeout: 120_000 }, () => {
  it.each(made.slice(0, scaled(made.length, 1)))('makes, of %j, the one stack %s for %s', (context, name, environment, isProtected) => {
    const { status, stderr, outdir } = runApp(context);
    expect(status, stderr).toBe(0);
    const stacks = stacksOf(outdir);
    expect(Object.keys(stacks)).toEqual([name]);
    expect(stacks[name]).toMatchObject({ environment });
    expect(stacks[name]?.properties.terminationProtection ?? false).toBe(isProtected);
    const zone = (environment.split('/').at(-1) ?? '') + 'a';
    expect(readFileSync(join(outdir, stacks[name]?.properties.templateFile ?? ''), 'utf8')).toContain(`"AvailabilityZone": "${zone}"`);
  });

  it.each(refused.slice(0, scaled(refused.length, 1)))('ends, of %j, with what is wrong and without a template', (context, message) => {
    const { status, stderr, outdir } = runApp(context);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(() => stacksOf(outdir)).toThrow('manifest.json');
  });
});
