import { describe, expect, it } from 'vitest';
import { cidrRanges } from '#lib/config/cidr-ranges.ts';

describe('CIDR blocks', () => {
  it('are read as they stand, spaces around them apart', () => {
    expect(cidrRanges(' 192.0.2.0/24, 2001:db8::/32 ,198.51.100.7/32,0.0.0.0/0')).toEqual([
      '192.0.2.0/24',
      '2001:db8::/32',
      '198.51.100.7/32',
      '0.0.0.0/0',
    ]);
  });

  it.each([
    ',',
    '192.0.2.0',
    '192.0.2.0/33',
    '2001:db8::/129',
    '192.0.2/24',
    '192.0.2.0/24/8',
    '192.0.2.0/',
    '192.0.2.0/-1',
    '192.0.2.0/+8',
    '192.0.2.0/ 8',
    'fe80::1%eth0/64',
    'okta.com/24',
    '192.0.2.0/24 198.51.100.0/24',
    '0300.0.2.0/24',
  ])('are not %j', (text) => {
    expect(() => cidrRanges(text)).toThrow('must be CIDR blocks, comma-separated');
  });

  it('are all of them good, or none is taken', () => {
    expect(() => cidrRanges('192.0.2.0/24,any')).toThrow();
  });
});
