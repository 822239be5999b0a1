import { isIP } from 'node:net';

/**
 * CIDR blocks, comma-separated: each an address and the number of leading bits that count. A zone id, or an address alone, is none.
 * @throws Error saying what is expected, as every parser of lib/config/variables.ts does.
 */
export function cidrRanges(text: string): string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0 || !items.every(isRange)) throw new Error('must be CIDR blocks, comma-separated');
  return items;
}

function isRange(item: string): boolean {
  const [network = '', bits = '', ...more] = item.split('/');
  const version = network.includes('%') ? 0 : isIP(network);
  return more.length === 0 && version !== 0 && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32);
}
