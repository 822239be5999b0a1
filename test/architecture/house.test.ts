import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countLines, listFiles, readJson, readText, repositoryRoot } from './repository.ts';

const sources = listFiles(repositoryRoot, '{functions,lib,local,cli,infra,scripts,test,bench,examples}/**/*.ts');

describe('functions', () => {
  const folders = listFiles(repositoryRoot, 'functions/*/').map((folder) => folder.replace(/\/$/, ''));

  it('are there', () => {
    expect(folders).toEqual(
      expect.arrayContaining(['functions/admin', 'functions/deliver', 'functions/fan-out', 'functions/receive-hook']),
    );
  });

  it.each(folders)('%s has a handler of at most 40 lines and its wiring', (folder) => {
    expect(existsSync(join(repositoryRoot, folder, 'wiring.ts'))).toBe(true);
    expect(countLines(`${folder}/handler.ts`)).toBeLessThanOrEqual(40);
  });
});

describe('files', () => {
  it('of lib have at most 200 lines', () => {
    expect(sources.filter((file) => file.startsWith('lib/') && countLines(file) > 200)).toEqual([]);
  });

  it('have kebab-case names that say what is in them', () => {
    const vague = /(^|[-./])(utils?|helpers?|common|services?|managers?|base|impl|misc)([-.]|$)/;
    const names = sources.map((file) => file.split('/').at(-1) ?? '');
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.ts$/.test(name) || vague.test(name))).toEqual([]);
  });

  it('say why wherever they switch a rule off', () => {
    const directive = /eslint-disabl[e]|@ts-(?:expect-erro[r]|ignor[e]|nochec[k])/;
    const unargued = sources.flatMap((file) => {
      const lines = readText(file).split('\n');
      return lines.flatMap((line, index) => {
        const own = /(--|: ).{10,}/.test(line.split(directive).at(-1) ?? '');
        const above = /^\s*(\/\/|\*|\/\*)/.test(lines[index - 1] ?? '');
        return directive.test(line) && !own && !above ? [`${file}:${index + 1}`] : [];
      });
    });
    expect(unargued).toEqual([]);
  });

  it('leave nothing for later', () => {
    const later = /\b(TO[D]O|FIX[M]E|XX[X])\b/;
    expect(sources.filter((file) => later.test(readText(file)))).toEqual([]);
  });
});

describe('packages', () => {
  const { dependencies, devDependencies, scripts, engines } = readJson('package.json');

  it('are pinned to exact versions', () => {
    const all = Object.entries({ ...dependencies, ...devDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('are locked without naming a registry', () => {
    const lock = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string; inBundle?: boolean }>;
    };
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(packages.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
    // What a package brings inside itself is covered by that package's own hash.
    expect(packages.filter(([, entry]) => entry.integrity === undefined && entry.inBundle !== true).map(([path]) => path)).toEqual([]);
  });

  it('bring the Node that the scripts need', () => {
    expect(devDependencies['node']).toMatch(/^24\./);
    expect(engines['node']).toBe('>=24.11');
    expect(readText('.nvmrc').trim()).toBe('24');
  });

  it('let a signal to npm reach what stays up or starts others: npm tells its shell alone, whose place it has to take', () => {
    const long = ['start', 'test', 'test:kafka4', 'check', 'fuzz', 'kafka', 'okta-relay', 'bench'];
    expect(long.filter((name) => !/(^|&& )exec node [^&|;]+$/.test(scripts[name] ?? ''))).toEqual([]);
  });

  it('have a script file behind each script', () => {
    const files = Object.values(scripts).flatMap((script) => /\bnode (?:--\S+ )*(\S+\.ts)/.exec(script)?.[1] ?? []);
    expect(files).toContain('local/main.ts');
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });
});

describe('CI', () => {
  it('can be run, and asks for full counts and a real Kafka', () => {
    // Any execute bit.
    expect(statSync(join(repositoryRoot, '.ci/run')).mode & 0o111).not.toBe(0);
    expect(readText('.ci/run')).toMatch(/RELAY_TEST_SCALE=full[\s\S]*REQUIRE_KAFKA=1/);
  });
});
