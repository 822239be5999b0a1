import { build } from 'esbuild';
import { join } from 'node:path';
import type { FunctionName } from '#lib/config/function-settings.ts';
import { handlerFile, repositoryRoot } from '../../infra/bundling.ts';
import { packageStandIns, standInFile, standInPlugin } from './stand-ins.ts';

export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  /** Bytes in the bundle by the npm package they come from; our own under "relay". */
  readonly bytesByPackage: ReadonlyMap<string, number>;
  /** Every file that was read for it, from the root of the repository, those included of which nothing is left. */
  readonly inputs: readonly string[];
}

export interface BundleOptions {
  /** Also writes `index.mjs.map`, and names it in the last line. */
  readonly sourceMap?: boolean;
}

/** One function as one minified ES module, `index.mjs` in `folder`: for the upload, for `npm run bundles` and for tests. */
export function bundleFunction(name: FunctionName, folder: string, options?: BundleOptions): Promise<Bundle> {
  return bundleModule(handlerFile(name), folder, options);
}

/** The same for any module. */
export async function bundleModule(entryPoint: string, folder: string, { sourceMap = false }: BundleOptions = {}): Promise<Bundle> {
  const file = join(folder, 'index.mjs');
  const { metafile } = await build({
    entryPoints: [entryPoint],
    outfile: file,
    absWorkingDir: repositoryRoot,
    bundle: true,
    minify: true,
    sourcemap: sourceMap,
    sourcesContent: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    alias: Object.fromEntries(Object.entries(packageStandIns).map(([name, path]) => [name, standInFile(path)])),
    plugins: [standInPlugin],
    // kafkajs is CommonJS and asks for Node's built-in modules by require(), which an ES module does not have.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    metafile: true,
    logLevel: 'error',
  });
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith('.mjs'))?.[1];
  if (output === undefined) throw new Error(`esbuild wrote nothing for ${entryPoint}`);
  const bytesByPackage = new Map<string, number>();
  for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
    const from = packageOf(input);
    bytesByPackage.set(from, (bytesByPackage.get(from) ?? 0) + bytesInOutput);
  }
  return { file, bytes: output.bytes, bytesByPackage, inputs: Object.keys(metafile.inputs) };
}

function packageOf(input: string): string {
  const inside = [...input.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].at(-1);
  return inside?.[1] ?? 'relay';
}
