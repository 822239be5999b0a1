import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeText } from '#lib/identity/attribute-text.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 4 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('%', '%25', '%2F', '/', '=', 'sha256=', 'x'.repeat(256), 'x'.repeat(257), '\ud800', '\udbff', '\ufffd'),
);

describe('attributeText', () => {
  it.each([
    ['00u10r4h1xAe2TIcx4x7', '00u10r4h1xAe2TIcx4x7'],
    ['2d050e48-fc0a-11ea-bbf6-1d98632c66b8', '2d050e48-fc0a-11ea-bbf6-1d98632c66b8'],
    ['user.lifecycle.delete.initiated', 'user.lifecycle.delete.initiated'],
    ['ana@example.com', 'ana@example.com'],
    ['a/b', 'a%2Fb'],
    ['100%', '100%25'],
    ['é', '%C3%A9'],
    ['😀', '%F0%9F%98%80'],
    ['\ud83d', '%ED%A0%BD'],
  ])('writes %j as %s', (given, expected) => {
    expect(attributeText(given)).toBe(expected);
  });

  it('writes what is longer than 256 characters as its SHA-256', () => {
    expect(attributeText('x'.repeat(256))).toBe('x'.repeat(256));
    expect(attributeText('x'.repeat(257))).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(attributeText('/'.repeat(86))).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  it('fits into a header, and never writes two texts as one', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(attributeText(one)).toMatch(/^[\x21-\x7e]{0,256}$/);
        expect(attributeText(one) === attributeText(other)).toBe(one === other);
      }),
      { numRuns: 2000 },
    );
    expect(attributeText('\ud800'.repeat(300))).not.toBe(attributeText('\udbff'.repeat(300)));
  });
});
