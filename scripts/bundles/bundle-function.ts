import { build } from 'esbuild';
import { join } from 'node:path';
import type { FunctionName } from '#lib/config/function-settings.ts';
import { bundling, handlerFile, repositoryRoot, standIns } from '../../infra/bundling.ts';

export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  /** Bytes in the bundle by the npm package they come from; our own under "relay". */
  readonly bytesByPackage: ReadonlyMap<string, number>;
}

/** One function as one minified ES module, `index.mjs` in `folder`, with the settings of the deployed one. */
export function bundleFunction(name: FunctionName, folder: string): Promise<Bundle> {
  return bundleModule(handlerFile(name), folder);
}

/** The same for any module. */
export async function bundleModule(entryPoint: string, folder: string): Promise<Bundle> {
  const file = join(folder, 'index.mjs');
  const { metafile } = await build({
    entryPoints: [entryPoint],
    outfile: file,
    absWorkingDir: repositoryRoot,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: bundling.target,
    mainFields: [...bundling.mainFields],
    alias: { ...standIns },
    banner: { js: bundling.banner },
    metafile: true,
    logLevel: 'error',
  });
  const [output] = Object.values(metafile.outputs);
  if (output === undefined) throw new Error(`esbuild wrote nothing for ${entryPoint}`);
  const bytesByPackage = new Map<string, number>();
  for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
    const from = packageOf(input);
    bytesByPackage.set(from, (bytesByPackage.get(from) ?? 0) + bytesInOutput);
  }
  return { file, bytes: output.bytes, bytesByPackage };
}

function packageOf(input: string): string {
  const inside = [...input.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].at(-1);
  return inside?.[1] ?? 'relay';
}
