import * as z from 'zod';

/**
 * Lengths of the prefix. EC2 makes no larger VPC than a /16. It takes smaller ones down to a /28, and no subnet below that: in less than
 * a /24, with subnets in three zones, brokers, functions and endpoints find no room. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
 */
const [largest, smallest] = [16, 24];

/** A range of IPv4 for a VPC of the stage's own. */
export const vpcRangeSchema = z.cidrv4({ abort: true }).refine(fitsVpc, { error: `must be a range from /${largest} to /${smallest}` });

function fitsVpc(range: string): boolean {
  const length = Number(range.split('/')[1]);
  return length >= largest && length <= smallest;
}
