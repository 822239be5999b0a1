import { describe, expect, it } from 'vitest';
import { traceparentFor } from '#lib/intake/traceparent.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';
const randomBytes = (size: number) => Buffer.alloc(size, 0x0c);

describe('a W3C header', () => {
  it.each([`00-${trace}-${parent}-01`, `00-${trace}-${parent}-00`, `01-${trace}-${parent}-01`, `cc-${trace}-${parent}-01-later`])(
    '%s is kept',
    (header) => {
      expect(traceparentFor(header, randomBytes)).toBe(header);
    },
  );

  it.each([
    undefined,
    '',
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${trace}-${parent}-01-more`,
    `00-${trace}-${parent}`,
    `00-${trace}-${parent}-01,00-${trace}-${parent}-01`,
    `cc-${trace}-${parent}-01-${'x'.repeat(200)}`,
    `00-${trace}-${parent}-01\n`,
  ])('%s gives way to a new trace', (header) => {
    expect(traceparentFor(header, randomBytes)).toBe(`00-${'0c'.repeat(16)}-${'0c'.repeat(8)}-01`);
  });
});
