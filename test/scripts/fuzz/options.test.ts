import { describe, expect, it } from 'vitest';
import { readOptions, usage } from '../../../scripts/fuzz/options.ts';

const read = (...args: string[]) => readOptions(args, ['hook-body', 'scim-filter'], 1_795_262_400_123);

describe('the options of npm run fuzz', () => {
  it('are a minute over all targets, with a seed from the clock', () => {
    expect(read()).toEqual({ kind: 'options', options: { minutes: 1, targets: [], seed: 262_400_123 } });
  });

  it('name the end, the targets and the seed', () => {
    expect(read('--inputs', '1000000', '--seed', '7')).toEqual({ kind: 'options', options: { inputs: 1_000_000, targets: [], seed: 7 } });
    expect(read('--minutes', '0.5', '--target', 'hook-body', '--target', 'scim-filter')).toMatchObject({
      options: { minutes: 0.5, targets: ['hook-body', 'scim-filter'] },
    });
    expect(read('--target', 'hook-body', '--index', '3', '--seed', '1')).toMatchObject({ options: { index: 3, targets: ['hook-body'] } });
  });

  it.each([
    [['--minutes', 'long'], '--minutes long'],
    [['--inputs', '0'], '--inputs 0'],
    [['--target', 'other'], '--target other: is one of hook-body, scim-filter'],
    [['--index', '3'], 'need one --target'],
    [['--input', 'x.bin', '--target', 'hook-body', '--target', 'scim-filter'], 'need one --target'],
    [['--speed', '3'], '--speed'],
  ])('%j are refused: %s', (args, problem) => {
    expect(read(...args)).toMatchObject({ kind: 'refused', problems: [expect.stringContaining(problem)] });
  });

  it('say what there is', () => {
    expect(read('--help')).toEqual({ kind: 'help' });
    for (const flag of ['--minutes', '--inputs', '--target', '--seed', '--index', '--input']) expect(usage).toContain(flag);
  });
});
