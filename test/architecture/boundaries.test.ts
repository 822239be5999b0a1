import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractCruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forbiddenImports } from './forbidden-imports.ts';
import { listFiles, readJson, repositoryRoot } from './repository.ts';

const options = await extractCruiseOptions(join(repositoryRoot, '.dependency-cruiser.mjs'));
const ruleNames = (options.ruleSet?.forbidden ?? []).map((rule) => rule.name);
const topFolders = ['functions', 'lib', 'local', 'cli', 'infra', 'scripts', 'test'];

async function violations(folder: string): Promise<{ rule: string; at: string }[]> {
  const present = new Set(listFiles(folder, '**/*.ts').map((file) => file.split('/')[0] ?? ''));
  const settings: ICruiseOptions = { ...options, baseDir: folder, validate: true, outputType: 'json' };
  const { output } = await cruise(
    [...present].filter((name) => topFolders.includes(name)),
    settings,
  );
  const result = JSON.parse(output as string) as ICruiseResult;
  return result.summary.violations.map((violation) => ({ rule: violation.rule.name, at: violation.from }));
}

describe('the import boundaries', () => {
  it('hold in this repository', async () => {
    expect(await violations(repositoryRoot)).toEqual([]);
  }, 60_000);

  it('give each rule a sentence of reason and a name of its own', () => {
    const comments = (options.ruleSet?.forbidden ?? []).map((rule) => rule.comment ?? '');
    expect(comments.filter((comment) => !/^[A-Z].{25,}\.$/.test(comment))).toEqual([]);
    expect(new Set(ruleNames).size).toBe(ruleNames.length);
  });

  it('are each broken by one of the forbidden imports below', () => {
    expect([...new Set(forbiddenImports.map(({ rule }) => rule))].sort()).toEqual([...ruleNames].sort());
  });

  it('name a room for each folder of lib', () => {
    const folders = new Set(listFiles(repositoryRoot, 'lib/*/**/*.ts').map((file) => file.split('/')[1]));
    expect([...folders].filter((folder) => !ruleNames.includes(`room-${folder ?? ''}`))).toEqual([]);
  });
});

describe('a tree with a forbidden import', () => {
  let folder = '';
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const addPackage = (name: string): void => {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'main.js' }));
    write(`node_modules/${name}/main.js`, 'module.exports = {};\n');
  };

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'boundaries-')));
    const real = readJson('package.json');
    write('package.json', JSON.stringify(real));
    for (const name of [...Object.keys(real.dependencies), 'dynalite', 'fauxqs', 'fast-check', 'undeclared']) addPackage(name);
    // A legal little house, so that what is seen below comes from the import at fault and nothing else.
    write('functions/replay/handler.ts', "import { rest } from '#lib/okta/rest.ts';\nexport const handler = rest;\n");
    write('lib/okta/rest.ts', 'export const rest = 1;\n');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is told from a legal one', async () => {
    expect(await violations(folder)).toEqual([]);
  });

  it.each(forbiddenImports)('breaks $rule at $at', async ({ rule, at, files }) => {
    for (const [file, text] of Object.entries(files)) write(file, text);
    expect(await violations(folder)).toContainEqual({ rule, at });
  });
});
