import { BlockList } from 'node:net';
import { vpcRangeSchema } from './vpc-range.ts';

/** RFC 1918, and the shared addresses of RFC 6598: whoever sends from inside them hides no address of the public internet from himself. */
const privateRanges = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const;

/**
 * A range of IPv4 that lies wholly within a private one. A VPC routes its own range to itself: were it a piece of the public internet, subscribers there
 * could not be reached, and the address guard would let a webhook for one of them go to a machine inside.
 */
export const privateRangeSchema = vpcRangeSchema.refine(isPrivate, {
  error: `is not within a private range: ${privateRanges.map(([network, prefix]) => `${network}/${prefix}`).join(', ')}`,
});

function isPrivate(range: string): boolean {
  const [address = '', length] = range.split('/');
  return privateRanges.some(([network, prefix]) => {
    const block = new BlockList();
    block.addSubnet(network, prefix, 'ipv4');
    return Number(length) >= prefix && block.check(address, 'ipv4');
  });
}
