/** `node scripts/bundles/bundle-for-upload.ts <function> <folder>`: for CDK (infra/bundling.ts). */
import type { FunctionName } from '#lib/config/function-settings.ts';
import { bundleFunction } from './bundle-function.ts';

const [name, folder] = process.argv.slice(2);
if (name === undefined || folder === undefined) throw new Error('the name of a function and a folder must be given');
// Another name has no handler, and esbuild says so.
await bundleFunction(name as FunctionName, folder, { sourceMap: true });
