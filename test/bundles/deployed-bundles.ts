import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';
import { bundleFunction } from '../../scripts/bundles/bundle-function.ts';

export const functionNames = Object.keys(functionSettings) as FunctionName[];

export interface DeployedBundles {
  /** The module that Lambda would load, alone in a folder from which no package can be reached. */
  fileOf(name: FunctionName): string;
  remove(): void;
}

/** Every function as it is deployed; deployed.test.ts holds these against what CDK uploads. */
export async function deployedBundles(): Promise<DeployedBundles> {
  const folder = mkdtempSync(join(tmpdir(), 'lambda-'));
  for (const name of functionNames) await bundleFunction(name, join(folder, name));
  const reach = createRequire(join(folder, 'index.mjs'));
  for (const name of ['zod', 'kafkajs', '@middy/core'])
    if (canResolve(reach, name)) throw new Error(`${name} can be reached from ${folder}: a bundle that lacks it would not be found out`);
  return {
    fileOf: (name) => join(folder, name, 'index.mjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function canResolve(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    // Not to be found is what is hoped for.
    return false;
  }
}
