import { join } from 'node:path';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from './repository.ts';

const eslint = new ESLint({ cwd: repositoryRoot });

/** Lints a text as if it stood in an existing file, whose place decides which rules hold. */
async function rulesBroken(file: string, text: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: join(repositoryRoot, file) });
  return [...new Set((result?.messages ?? []).map((message) => message.ruleId))];
}

// Reading the types of the whole repository takes the time of many tests, once.
beforeAll(() => rulesBroken('lib/errors.ts', 'export const one = 1;\n'), 180_000);

describe('the lint rules', () => {
  it.each([
    ['the environment outside lib/config', 'lib/errors.ts', "export const region = process.env['AWS_REGION'];", 'no-restricted-syntax'],
    ['the environment in local mode', 'local/main.ts', "export const region = process.env['AWS_REGION'];", 'no-restricted-syntax'],
    ['a clock of its own in lib', 'lib/errors.ts', 'export const at = Date.now();', 'no-restricted-syntax'],
    ['a clock of its own in lib/config too', 'lib/config/variables.ts', 'export const at = new Date();', 'no-restricted-syntax'],
    ['Math.random in lib', 'lib/errors.ts', 'export const luck = Math.random();', 'no-restricted-syntax'],
    ['console in lib', 'lib/errors.ts', "console.log('hello');", 'no-console'],
    ['an enum', 'lib/errors.ts', 'export enum Colour {\n  Red,\n}', 'no-restricted-syntax'],
    ['a parameter property', 'lib/errors.ts', 'export class Thing {\n  constructor(readonly name: string) {}\n}', 'no-restricted-syntax'],
    ['a barrel', 'lib/errors.ts', "export * from './config/variables.ts';", 'no-restricted-syntax'],
    [
      'a promise nobody waits for',
      'lib/errors.ts',
      'export function start(): void {\n  Promise.resolve(1);\n}',
      '@typescript-eslint/no-floating-promises',
    ],
    ['any', 'lib/errors.ts', 'export const thing: any = 1;', '@typescript-eslint/no-explicit-any'],
    [
      'a switch that forgets a kind',
      'lib/errors.ts',
      "export function of(kind: 'a' | 'b'): number {\n  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}",
      '@typescript-eslint/switch-exhaustiveness-check',
    ],
    [
      'a focused test',
      'test/architecture/lint.test.ts',
      "import { it } from 'vitest';\nit.only('runs alone', () => undefined);",
      'no-restricted-syntax',
    ],
    [
      'a test switched off',
      'test/architecture/lint.test.ts',
      "import { it } from 'vitest';\nit.skip('does not run', () => undefined);",
      'no-restricted-syntax',
    ],
    ['a mock', 'test/architecture/lint.test.ts', "import { vi } from 'vitest';\nvi.mock('#lib/errors.ts');", 'no-restricted-syntax'],
    [
      'an exemption that exempts nothing',
      'lib/errors.ts',
      '// eslint-disable-next-line no-console -- a reason\nexport const one = 1;',
      null,
    ],
  ])('find %s', async (_, file, text, rule) => {
    expect(await rulesBroken(file, `${text}\n`)).toContain(rule);
  });

  it.each([
    ['the environment in lib/config', 'lib/config/environment.ts', "export const region = process.env['AWS_REGION'];"],
    ['the environment in test support', 'test/support/scale.ts', "export const scale = process.env['RELAY_TEST_SCALE'];"],
    ['console in local mode', 'local/main.ts', "console.log('hello');"],
    ['a date made of a number in lib', 'lib/errors.ts', 'export const at = new Date(0);'],
  ])('allow %s', async (_, file, text) => {
    expect(await rulesBroken(file, `${text}\n`)).toEqual([]);
  });
});
