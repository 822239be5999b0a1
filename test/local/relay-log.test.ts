import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { provideLogSink, WideLine, type Facts } from '#lib/telemetry/wide-line.ts';
import { openRelayLog } from '../../local/relay-log.ts';
import { scratchFolder } from '../support/relay-process.ts';

let scratch: ReturnType<typeof scratchFolder>;
let file: string;
beforeEach(() => {
  scratch = scratchFolder();
  file = openRelayLog(scratch.path);
});
afterEach(() => {
  provideLogSink((line) => void process.stdout.write(`${line}\n`));
  scratch.remove();
});

const idle: Facts = { subscriptions: 2, released: 0, probes: 0, operatorEvents: 0, recovered: 0, openCircuits: 0, dueLanes: 0, parkedLanes: 0, oldestRemovalSeconds: 0, outcome: 'done' }; // prettier-ignore
const written = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);

function write(facts: Facts, functionName = 'sweep', mark?: (line: WideLine) => void): void {
  const line = new WideLine({ functionName, level: 'info', nowMs: 0 });
  line.note(facts);
  mark?.(line);
  line.end(1);
}

describe('relay.log', () => {
  it('leaves out sweeps that found nothing and did nothing', () => {
    write(idle);
    write({ ...idle, coldStart: true, subscriptions: 0 });
    expect(written()).toEqual([]);
  });

  it.each(['released', 'probes', 'operatorEvents', 'recovered', 'openCircuits', 'dueLanes', 'parkedLanes'] as const)(
    'has a sweep that counted %s',
    (fact) => {
      write({ ...idle, [fact]: 1 });
      expect(written()).toHaveLength(1);
    },
  );

  it('has a sweep that failed, that warns, or that ended before it could count', () => {
    write({ ...idle, outcome: 'partial' }, 'sweep', (line) => line.failure(new Error('x')));
    write({ ...idle, silentOrgs: ['acme'] }, 'sweep', (line) => line.warn());
    write({});
    expect(written()).toHaveLength(3);
  });

  it('has what other functions did, nothing as it may be', () => {
    write(idle, 'deliver');
    expect(written()).toHaveLength(1);
  });
});
