import { describe, expect, it } from 'vitest';
import { isInRanges, senderRanges } from '#lib/okta/sender-ranges.ts';

const ranges = senderRanges(['192.0.2.0/24', '198.51.100.7/32', '2001:db8:1::/48']);

describe('ranges of senders', () => {
  it.each(['192.0.2.0', '192.0.2.255', '198.51.100.7', '2001:db8:1::', '2001:db8:1:ffff::9', '::ffff:192.0.2.9', '::ffff:c000:0209'])(
    'hold %s',
    (address) => {
      expect(isInRanges(ranges, address)).toBe(true);
    },
  );

  it.each([
    '192.0.1.255',
    '192.0.3.0',
    '198.51.100.8',
    '2001:db8:2::1',
    '::192.0.2.9',
    '::ffff:192.0.3.9',
    '192.0.2.9:443',
    '192.0.2',
    '0300.0.2.9',
    '192.0.2.9 ',
    '192.0.2.9, 203.0.113.1',
    'localhost',
    '',
    undefined,
  ])('do not hold %j', (address) => {
    expect(isInRanges(ranges, address)).toBe(false);
  });

  it('hold everything, even what is no address, when none are set', () => {
    for (const address of ['203.0.113.1', '::1', '', undefined]) expect(isInRanges(senderRanges(undefined), address)).toBe(true);
  });

  it('of zero bits hold their own family', () => {
    expect(isInRanges(senderRanges(['0.0.0.0/0']), '203.0.113.1')).toBe(true);
    expect(isInRanges(senderRanges(['0.0.0.0/0']), '2001:db8::1')).toBe(false);
  });
});
