import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../scripts/testing/broker.ts';
import { faults } from '../../../scripts/testing/faults.ts';
import { judge } from '../../../scripts/testing/judge.ts';

const missing: Broker = { kind: 'missing', why: 'no java' };
const failed: Broker = { kind: 'failed', why: 'the port is taken' };
const running: Broker = { kind: 'running', brokers: '127.0.0.1:9092', seconds: 3, stop: () => Promise.resolve() };

describe('faults before the suites run', () => {
  it.each<[string, Broker | undefined, string | undefined, string[]]>([
    ['no broker is needed', undefined, '1', []],
    ['the broker runs', running, '1', []],
    ['the machine has no Java and need not', missing, undefined, []],
    ['the machine has no Java and need not, and that is said', missing, '0', []],
    ['the machine has no Java and must', missing, '1', ['REQUIRE_KAFKA=1 and Kafka is not here: no java']],
    ['the broker did not start', failed, undefined, ['Kafka did not start: the port is taken']],
    ['the broker did not start and must', failed, '1', ['Kafka did not start: the port is taken']],
  ])('when %s', (_what, broker, requireKafka, expected) => {
    expect(faults({ planFaults: [], broker, requireKafka })).toEqual(expected);
    expect(faults({ planFaults: ['x belongs to no suite'], broker, requireKafka })).toEqual(['x belongs to no suite', ...expected]);
  });

  it('fail a run in which every test passed', () => {
    const report = {
      passed: 2,
      failed: 0,
      skipped: 0,
      failures: [],
      brokenFiles: [],
      strayErrors: [],
      files: ['a'],
      skips: [],
      contracts: {},
    };
    const outcomes = [{ name: 'unit', plannedFiles: ['a'], seconds: 1, exitCode: 0, report }];
    const totalsWith = (requireKafka: string | undefined) =>
      judge({
        stages: [],
        outcomes,
        byName: false,
        kafkaMissing: 'Kafka is not here: no java',
        faults: faults({ planFaults: [], broker: missing, requireKafka }),
      }).totals;
    expect(totalsWith(undefined)).toEqual({ passed: 2, failed: 0, skipped: 0 });
    expect(totalsWith('1')).toEqual({ passed: 2, failed: 1, skipped: 0 });
  });
});
