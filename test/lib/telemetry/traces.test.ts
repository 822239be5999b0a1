import { describe, expect, it } from 'vitest';
import { tracesOfBodies, tracesOfRecords } from '#lib/telemetry/traces.ts';

const idOf = (n: number): string => n.toString(16).padStart(32, '0');
const traceparentOf = (n: number): string => `00-${idOf(n)}-00f067aa0ba902b7-01`;
const recordWith = (...traceparents: readonly string[]) => ({
  headers: traceparents.map((text) => ({ name: 'traceparent', value: Buffer.from(text) })),
});
const bodyWith = (traceparent: string): string => JSON.stringify({ v: 1, traceparent });

// https://www.w3.org/TR/trace-context/#traceparent-header: lower-case hex, no version ff, no id of zeros alone.
const none = [
  '',
  'Ana Ito',
  '00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01canary',
  `${traceparentOf(1)}-${'a'.repeat(100)}`,
];

describe('the traces of a line', () => {
  it('are those of records and of messages, each once, in their order', () => {
    expect(tracesOfRecords([recordWith(traceparentOf(2)), recordWith(), recordWith(traceparentOf(1), traceparentOf(2))])).toEqual({
      traces: [idOf(2), idOf(1)],
    });
    expect(tracesOfBodies([bodyWith(traceparentOf(2)), '{}', `[${bodyWith(traceparentOf(1))},${bodyWith(traceparentOf(2))}]`])).toEqual({
      traces: [idOf(2), idOf(1)],
    });
  });

  it('are twenty at most', () => {
    const many = Array.from({ length: 30 }, (_, n) => traceparentOf(n + 1));
    const first = { traces: Array.from({ length: 20 }, (_, n) => idOf(n + 1)) };
    expect(tracesOfRecords(many.map((text) => recordWith(text)))).toEqual(first);
    expect(tracesOfBodies(many.map(bodyWith))).toEqual(first);
  });

  it.each(none)('are not %j', (text) => {
    expect(tracesOfRecords([recordWith(text)])).toEqual({});
    expect(tracesOfBodies([bodyWith(text)])).toEqual({});
  });

  it('are not what stands in a text of the message', () => {
    expect(tracesOfBodies([JSON.stringify({ displayName: bodyWith(traceparentOf(1)) }), bodyWith(traceparentOf(1)).slice(0, 30)])).toEqual(
      {},
    );
  });
});
