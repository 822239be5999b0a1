import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { FunctionName } from '#lib/config/function-settings.ts';
import { handlerFile, repositoryRoot } from '../bundling.ts';

/**
 * A function as CDK uploads it: what `npm run bundles` measures and test/bundles runs, with a source map beside it. It is made when the
 * stack is, unless the stack's bundles are switched off (`aws:cdk:bundling-stacks`).
 */
export function bundledCode(name: FunctionName): AssetCode {
  return Code.fromAsset(dirname(handlerFile(name)), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: the answer below is always that it is done.
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle(folder) {
          // In a process of its own: CDK does not wait for a promise, and esbuild takes plugins only where it may answer with one.
          execFileSync(process.execPath, [join(repositoryRoot, 'scripts/bundles/bundle-for-upload.ts'), name, folder], {
            stdio: 'inherit',
          });
          return true;
        },
      },
    },
  });
}
