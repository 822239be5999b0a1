import { describe, expect, it } from 'vitest';
import { readCommand } from '../../cli/read-command.ts';
import { listFiles, readJson, readText, repositoryRoot } from './repository.ts';

const documents = listFiles(repositoryRoot, '{*.md,docs/*.md}').map(readText).join('\n');
const named = (pattern: RegExp): string[] => [...new Set([...documents.matchAll(pattern)].map(([, name = '']) => name))];

describe('a command that a document prints', () => {
  it('is a script of package.json after npm run', () => {
    const scripts = Object.keys((readJson('package.json') as { scripts: object }).scripts);
    const run = named(/npm run (?:-s )?([a-z][\w:-]*)/g);
    expect(run).toContain('synth');
    expect(run.filter((script) => !scripts.includes(script))).toEqual([]);
  });

  it('is one of okta-relay after its name', () => {
    const isUnknown = (command: string): boolean => {
      const read = readCommand(['hook', command]);
      return read.kind === 'problems' && read.problems.some((problem) => problem.startsWith('say which command'));
    };
    const commands = [...new Set([...named(/okta-relay -- hook (\w+)/g), ...named(/`hook (\w+)[ `]/g)])];
    expect(commands.toSorted()).toEqual(['list', 'register', 'remove']);
    expect(isUnknown('show')).toBe(true);
    expect(commands.filter(isUnknown)).toEqual([]);
  });
});
