import { App, Stack, Stage as CdkStage, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { accept } from '../../infra/accept.ts';
import { findings } from '../../infra/findings.ts';
import { checkAgainstRules } from '../../infra/rules.ts';
import { variants } from '../../infra/variants.ts';
import { scaled } from '../support/scale.ts';
import { appSettings, relayStack } from './synthesise.ts';

const folder = mkdtempSync(join(tmpdir(), 'rules-'));
const before = process.env['CDK_VALIDATION'];
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  if (before !== undefined) process.env['CDK_VALIDATION'] = before;
  process.exitCode = undefined;
});
// Switched off by the import above, for the tests that look at templates only.
delete process.env['CDK_VALIDATION'];

interface Accepted {
  readonly on: IConstruct;
  readonly rule: string;
  readonly reason: string;
}

function acceptedIn(root: IConstruct): Accepted[] {
  return root.node
    .findAll()
    .flatMap((on) =>
      on.node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.entries(data as Record<string, string>).map(([rule, reason]) => ({ on, rule, reason }))),
    );
}

/**
 * How many findings of the rules are accepted in each template, each on its own construct. A number that grows is a decision:
 * read the reason before you write the new number down.
 */
const acceptedFindings: Readonly<Record<string, number>> = {
  dev: 51,
  'dev-standard': 51,
  'dev-express': 51,
  'dev-existing': 46,
  'dev-existing-ready': 40,
  'dev-everything': 61,
  prod: 51,
  'prod-standard': 51,
  'prod-express': 51,
  'prod-existing': 46,
  'prod-existing-ready': 40,
  'prod-everything': 61,
};

/** Between them they have every construct; the others only put them together differently. */
const fewer = ['dev-existing-ready', 'prod-everything'];
const all = variants();
const tried = scaled(all.length, fewer.length) === all.length ? all : all.filter(({ name }) => fewer.includes(name));

describe.each(tried)('the template of $name', ({ name, stage }) => {
  it('has no finding of any rule, and as many accepted as are known', { timeout: 180_000 }, () => {
    const outdir = join(folder, name);
    const app = new App(appSettings(outdir));
    checkAgainstRules(app);
    relayStack(app, stage);
    app.synth();
    expect(findings(outdir)).toEqual([]);

    const accepted = acceptedIn(app);
    expect(accepted.filter(({ on }) => Stack.isStack(on) || CdkStage.isStage(on))).toEqual([]);
    expect(accepted.filter(({ reason }) => reason.length < 20)).toEqual([]);
    expect({ [name]: accepted.length }).toEqual({ [name]: acceptedFindings[name] });
  });
});

it('knows the number of accepted findings of every variant', () => {
  expect(Object.keys(acceptedFindings)).toEqual(variants().map(({ name }) => name));
});

describe('a finding', () => {
  function withQueue(acceptances: readonly string[]): string[] {
    const outdir = mkdtempSync(join(folder, 'wrong-'));
    const app = new App(appSettings(outdir));
    checkAgainstRules(app);
    const queue = new Queue(new Stack(app, 'Wrong'), 'Queue');
    for (const rule of acceptances) accept(queue, rule, 'For this test, which wants to see it accepted.');
    try {
      app.synth();
    } catch {
      // Errors stop the synthesis; what was found is in the report.
    }
    return findings(outdir).map((finding) => finding.split(' ')[0] ?? '');
  }

  it('of either pack stops the synthesis, and is gone where it is accepted', () => {
    expect(withQueue([]).sort()).toEqual(['AwsSolutions-SQS3', 'AwsSolutions-SQS4', 'Serverless-SQSRedrivePolicy']);
    expect(withQueue(['AwsSolutions-SQS3', 'AwsSolutions-SQS4'])).toEqual(['Serverless-SQSRedrivePolicy']);
  });

  it('cannot be accepted for a whole stack', () => {
    expect(() => {
      accept(new Stack(), 'AwsSolutions-SQS3', 'For everything that will ever be there.');
    }).toThrow('not on a stack');
  });
});
