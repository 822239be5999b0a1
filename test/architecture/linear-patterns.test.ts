import { ESLint, Linter } from 'eslint';
import regexp from 'eslint-plugin-regexp';
import { describe, expect, it } from 'vitest';
import { listFiles, readText, repositoryRoot } from './repository.ts';

const rules: Linter.RulesRecord = {
  'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
  'regexp/no-super-linear-move': ['error', { report: 'potential' }],
  // Two ways through one alternative are the third cause, which the other two do not look for.
  'regexp/no-dupe-disjunctions': ['error', { reportExponentialBacktracking: 'potential' }],
};
/** Where patterns meet the bytes of others. */
const files = ['lib', 'functions', 'cli', 'local'].flatMap((folder) => listFiles(repositoryRoot, `${folder}/**/*.ts`));

describe('patterns that could take more than linear time', () => {
  it('are an error in every file that meets outside bytes, also those that only might', async () => {
    expect(files.length).toBeGreaterThan(300);
    const eslint = new ESLint({ cwd: repositoryRoot });
    for (const file of files) {
      // ESLint answers `any`; a file that it does not lint at all has no configuration.
      const config = (await eslint.calculateConfigForFile(file)) as Linter.Config | undefined;
      for (const [rule, entry] of Object.entries(rules)) {
        // Severities come as numbers: 2 is an error.
        const [, options] = [entry].flat();
        expect({ file, rule, entry: config?.rules?.[rule] }).toEqual({ file, rule, entry: [2, expect.objectContaining(options)] });
      }
    }
  });

  it('are exempted nowhere', () => {
    expect(files.filter((file) => /eslint-[d]isable[^\n]*regexp\//.test(readText(file)))).toEqual([]);
  });

  it.each([
    ['(a+)+$', 'regexp/no-super-linear-backtracking'],
    [String.raw`\s*,\s*$`, 'regexp/no-super-linear-move'],
    ['^(a|a)*$', 'regexp/no-dupe-disjunctions'],
    [String.raw`^(\w|\d)+$`, 'regexp/no-dupe-disjunctions'],
  ])('are found by these rules: /%s/', (pattern, rule) => {
    const found = new Linter().verify(`export const pattern = /${pattern}/;\n`, [{ plugins: { regexp }, rules }]);
    expect(found.map(({ ruleId }) => ruleId)).toContain(rule);
  });

  it('are named in docs/security.md, with this test', () => {
    const row = readText('docs/security.md').split('\n').find((line) => line.includes('patterns that do not backtrack')); // prettier-ignore
    expect(row).toContain('`test/architecture/linear-patterns.test.ts`');
  });
});
