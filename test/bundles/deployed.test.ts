import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';
import { RelayFunction } from '../../infra/constructs/relay-function.ts';
import { bundleFunction } from '../../scripts/bundles/bundle-function.ts';
import { scaled } from '../support/scale.ts';
import { functionNames } from './deployed-bundles.ts';

const folder = mkdtempSync(join(tmpdir(), 'deployed-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The module that CDK would upload for a function, made by the construct of the stack. */
function uploaded(name: FunctionName): string {
  const outdir = join(folder, `cdk-${name}`);
  const app = new App({ outdir, context: { 'aws:cdk:enable-asset-metadata': true }, analyticsReporting: false });
  const stack = new Stack(app, 'bundles', { env: { region: 'eu-central-1', account: '111122223333' } });
  new RelayFunction(stack, name, {
    name,
    settings: Object.fromEntries(functionSettings[name].variables.map((variable) => [variable, 'any'])),
    keeping: { removalPolicy: RemovalPolicy.DESTROY, logRetentionDays: 1 },
    key: new Key(stack, 'Key'),
  });
  const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  const asset = (resource as { Metadata: Record<string, string> }).Metadata['aws:asset:path'];
  return readFileSync(join(outdir, asset ?? '', 'index.mjs'), 'utf8');
}

describe('what CDK uploads', () => {
  // `deliver` first, which has most to stand in for.
  const some = ['deliver' as const, ...functionNames.filter((name) => name !== 'deliver')].slice(0, scaled(functionNames.length, 1));

  it.each(some)(
    'for %s is the module that is measured and tested here',
    async (name) => {
      const { file } = await bundleFunction(name, join(folder, name));
      const withoutMap = uploaded(name).replace(/\/\/# sourceMappingURL=.*\n$/, '');
      // Not toBe: hundreds of kilobytes of difference help nobody.
      expect(withoutMap === readFileSync(file, 'utf8')).toBe(true);
    },
    60_000,
  );
});
