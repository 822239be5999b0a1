import { join } from 'node:path';
import type { FunctionName } from '#lib/config/function-settings.ts';

export const repositoryRoot = join(import.meta.dirname, '..');

export function handlerFile(name: FunctionName): string {
  return join(repositoryRoot, 'functions', name, 'handler.ts');
}
