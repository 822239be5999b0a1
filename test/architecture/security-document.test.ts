import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTargets } from '../../scripts/fuzz/targets.ts';
import { sectionsOf, tablesOf } from './markdown.ts';
import { listFiles, readText, repositoryRoot } from './repository.ts';

const document = readText('docs/security.md');
const boundaries = sectionsOf(document).filter(({ heading }) => heading.startsWith('Boundary '));
const named = (text: string): string[] => [...text.matchAll(/`((?:test|scripts|lib|infra)\/[^`]+)`/g)].map(([, path]) => path ?? '');

describe('docs/security.md', () => {
  it('names no file that is not there', () => {
    expect(named(document).length).toBeGreaterThan(40);
    expect(named(document).filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([]);
  });

  it('has each boundary, numbered', () => {
    expect(boundaries.map(({ heading }) => heading.slice(0, 11))).toEqual(boundaries.map((_, index) => `Boundary ${index + 1}:`));
    expect(boundaries.length).toBeGreaterThanOrEqual(6);
  });

  it.each(boundaries)('asks of $heading all six questions, and shows each answer by a test', ({ text }) => {
    const [table, ...others] = tablesOf(text);
    expect(others).toEqual([]);
    expect(table?.header).toEqual(['', 'threat', 'what holds it', 'shown by']);
    const rows = table?.rows ?? [];
    expect([...new Set(rows.map(([letter]) => letter))]).toEqual(['S', 'T', 'R', 'I', 'D', 'E']);
    const unproved = rows.filter(([, , , tests = '']) => !named(tests).some((path) => /^test\/.*\.ts$/.test(path)));
    expect(unproved).toEqual([]);
  });

  it('tells how many published bypasses there are, and no more', () => {
    const advisories = JSON.parse(readText('test/fixtures/addresses/bypasses.json')) as { hosts?: string[]; urls?: string[] }[];
    const spellings = new Set(advisories.flatMap(({ hosts = [], urls = [] }) => [...hosts, ...urls]));
    const said = Number(/over (\d+)\s+spellings/.exec(document)?.[1]);
    expect(said).toBeGreaterThanOrEqual(150);
    expect(spellings.size).toBeGreaterThan(said);
  });

  it('tells how many inputs were run over how many targets, with the command that runs the same again', async () => {
    const [, told, over, given] = /([\d,]+)\s+inputs\s+over\s+(\d+)\s+targets\s+\(`npm run fuzz -- --inputs (\d+) --seed \d+`/.exec(document) ?? []; // prettier-ignore
    expect(Number(told?.replaceAll(',', ''))).toBeGreaterThanOrEqual(1_000_000);
    expect(told?.replaceAll(',', '')).toBe(given);
    const targets = await startTargets();
    for (const target of targets) await target.close?.();
    // A run before the latest target says what came after it; whoever repeats the run takes that sentence out.
    if (!/It was before\s/.test(document)) expect(Number(over)).toBe(targets.length);
    expect(Number(over)).toBeLessThanOrEqual(targets.length);
  });
});

describe('SECURITY.md', () => {
  it('says how to report, and leads to the threat model and to what is stored', () => {
    const text = readText('SECURITY.md');
    expect(text).toContain('## Reporting');
    for (const target of ['docs/security.md', 'docs/data.md']) expect(text).toContain(`(${target})`);
    expect(listFiles(repositoryRoot, 'docs/{security,data}.md')).toEqual(['docs/data.md', 'docs/security.md']);
  });
});
