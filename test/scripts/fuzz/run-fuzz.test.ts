import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keepFailures, reportText } from '../../../scripts/fuzz/print-report.ts';
import { runFuzz } from '../../../scripts/fuzz/run-fuzz.ts';
import type { Target } from '../../../scripts/fuzz/target.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A parser with a flaw, for inputs that hold an `x` (half of the seeds do). */
function flawed(flaw: (text: string) => string, limitMs = 50): Target {
  return {
    name: 'flawed',
    about: 'a parser with a flaw',
    shape: 'text',
    seeds: [Buffer.from('aaaaaaaaaaaaaaaaaaaa'), Buffer.from('aaaaaxaaaaaaaaaaaaaa')],
    words: ['b'],
    weight: 1,
    outcomes: ['good'],
    limitMs,
    run: (input) => (Buffer.from(input).includes('x') ? flaw(Buffer.from(input).toString('latin1')) : 'good'),
  };
}

async function faultOf(target: Target) {
  const [report] = await runFuzz({ targets: [target], seed: 1, goesOn: (inputs) => inputs < 40 });
  return report?.failures[0];
}

describe('a run', () => {
  it('finds what throws, and the smallest input that does', async () => {
    const failure = await faultOf(
      flawed(() => {
        throw new TypeError('a flaw');
      }),
    );
    expect(failure).toMatchObject({ fault: 'threw', minimised: Buffer.from('x') });
    expect(failure?.detail).toContain('a flaw');
  });

  it('finds an end that nobody has written down', async () => {
    expect(await faultOf(flawed(() => 'odd'))).toMatchObject({ fault: 'undocumented-outcome', detail: 'odd' });
  });

  it('finds a prototype that got a member, and takes it away', async () => {
    const failure = await faultOf(
      flawed(() => {
        Reflect.set(Object.prototype, 'polluted', true);
        return 'good';
      }),
    );
    expect(failure).toMatchObject({ fault: 'prototype-pollution', detail: 'polluted' });
    expect('polluted' in {}).toBe(false);
  });

  it.each<[string, object, PropertyKey, PropertyDescriptor]>([
    ['another in the place of toString', Object.prototype, 'toString', { value: () => 'polluted' }],
    ['one that is seen in loops', Object.prototype, 'valueOf', { enumerable: true }],
    ['a getter', RegExp.prototype, 'source', { get: () => 'polluted' }],
    ['one more', Set.prototype, 'polluted', { value: true, configurable: true }],
    ['none any more', Date.prototype, 'toISOString', {}],
    ['another in the place of one of typed arrays', Object.getPrototypeOf(Uint8Array.prototype) as object, 'slice', { value: () => [] }],
  ])('finds a prototype that has %s, and puts it right', async (about, prototype, key, member) => {
    const before = Reflect.getOwnPropertyDescriptor(prototype, key);
    const failure = await faultOf(
      flawed(() => {
        if (about === 'none any more') Reflect.deleteProperty(prototype, key);
        else Reflect.defineProperty(prototype, key, member);
        return 'good';
      }),
    );
    const after = Reflect.getOwnPropertyDescriptor(prototype, key);
    expect(failure).toMatchObject({ fault: 'prototype-pollution', detail: String(key) });
    expect(after).toEqual(before);
  });

  it('finds a pattern that backtracks', async () => {
    const backtracking = /^(a+)+$/;
    const slow = flawed(() => (backtracking.test(`${'a'.repeat(23)}!`) ? 'odd' : 'good'), 10);
    const [report] = await runFuzz({ targets: [slow], seed: 1, goesOn: (inputs) => inputs < 4 });
    expect(report?.failures[0]).toMatchObject({ fault: 'slow' });
  });

  it('finds nothing where nothing is, and counts', async () => {
    const [report] = await runFuzz({ targets: [flawed(() => 'good')], seed: 1, goesOn: (inputs) => inputs < 40 });
    expect(report).toMatchObject({ inputs: 40, failures: [] });
    expect(report?.outcomes.get('good')).toBe(40);
  });

  it('stops at a target that fails again and again', async () => {
    const [report] = await runFuzz({ targets: [flawed(() => 'odd')], seed: 1, goesOn: () => true });
    expect(report?.failures).toHaveLength(10);
  });

  it('keeps the inputs that failed, and says how to have them again', async () => {
    const reports = await runFuzz({ targets: [flawed(() => 'odd')], seed: 5, goesOn: (inputs) => inputs < 10 });
    const text = keepFailures(reports, 5, join(folder, 'failures'));
    const index = reports[0]?.failures[0]?.index ?? -1;
    expect(text).toContain(`npm run fuzz -- --target flawed --seed 5 --index ${index}`);
    expect(readFileSync(join(folder, 'failures', `flawed-5-${index}.min.bin`), 'utf8')).toBe('x');
    expect(existsSync(join(folder, 'failures', `flawed-5-${index}.bin`))).toBe(true);
    expect(reportText(reports, { seed: 5, tookMs: 1_000, heapGrowthBytes: 0, peakRssBytes: 0 })).toMatch(/10 inputs in 1 s .*seed 5/);
  });
});
