import { join } from 'node:path';
import type { FunctionName } from '#lib/config/function-settings.ts';

export const repositoryRoot = join(import.meta.dirname, '..');

export function handlerFile(name: FunctionName): string {
  return join(repositoryRoot, 'functions', name, 'handler.ts');
}

/** How a function becomes one file, in esbuild's words. Used for what is deployed, for `npm run bundles` and for the test that loads it. */
export const bundling = {
  target: 'node24',
  mainFields: ['module', 'main'],
  // kafkajs is CommonJS and asks for Node's built-in modules by require(), which an ES module does not have.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
} as const;
