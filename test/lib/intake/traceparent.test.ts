import { describe, expect, it } from 'vitest';
import { traceparentFor } from '#lib/intake/traceparent.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';
const randomBytes = (size: number) => Buffer.alloc(size, 0x0c);

describe('a W3C header', () => {
  it.each([`00-${trace}-${parent}-01`, `00-${trace}-${parent}-00`, `00-${trace}-${parent}-03`])('%s is kept', (header) => {
    expect(traceparentFor(header, randomBytes)).toBe(header);
  });

  // "Versioning of traceparent": parsed as far as it is known, and made anew in the highest version that is known.
  it.each([
    [`01-${trace}-${parent}-01`, '01'],
    [`cc-${trace}-${parent}-01-later`, '01'],
    [`01-${trace}-${parent}-00-ana@example.com`, '00'],
    [`01-${trace}-${parent}-ff-`, '01'],
    [`fe-${trace}-${parent}-06`, '00'],
    [`cc-${trace}-${parent}-01-${'x'.repeat(200)}`, '01'],
  ])('%s of a later version goes on as version 00, with nothing that is not known of it', (header, flags) => {
    expect(traceparentFor(header, randomBytes)).toBe(`00-${trace}-${parent}-${flags}`);
  });

  it.each([
    undefined,
    '',
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `01-${'0'.repeat(32)}-${parent}-01`,
    `01-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${trace}-${parent}-01-more`,
    `01-${trace}-${parent}-01.more`,
    `01-${trace}-${parent}-01 ana@example.com`,
    `01-${trace}-${parent}-01\n-more`,
    `01-${trace}-${parent}`,
    `00-${trace}-${parent}`,
    `00-${trace}-${parent}-01,00-${trace}-${parent}-01`,
    `00-${trace}-${parent}-01\n`,
    `ana@example.com-00-${trace}-${parent}-01`,
  ])('%s gives way to a new trace', (header) => {
    expect(traceparentFor(header, randomBytes)).toBe(`00-${'0c'.repeat(16)}-${'0c'.repeat(8)}-01`);
  });
});
