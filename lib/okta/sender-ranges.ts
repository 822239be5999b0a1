import { BlockList, isIP } from 'node:net';

/** Networks that hook requests may come from, or undefined for anywhere. */
export type SenderRanges = BlockList | undefined;

/** `ranges`: CIDR blocks of IPv4 or IPv6, each checked already (lib/config/variables.ts). None at all means anywhere. */
export function senderRanges(ranges: readonly string[] | undefined): SenderRanges {
  if (ranges === undefined) return undefined;
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/');
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** An address that is missing or no address is in no range. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) counts as what it is. */
export function isInRanges(ranges: SenderRanges, address: string | undefined): boolean {
  if (ranges === undefined) return true;
  const version = isIP(address ?? '');
  return address !== undefined && version !== 0 && ranges.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
