/** Crockford's base 32 in lower case: digits and letters without i, l, o and u. It sorts as the numbers do. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const timeDigits = 10;
const randomDigits = 16;

/** A ULID in lower case: 48 bits of time in milliseconds, then 80 random bits, in 26 characters. They sort by time of creation. */
export function newUlid(now: Date, randomBytes: (count: number) => Uint8Array): string {
  const random = Buffer.from(randomBytes(10)).toString('hex');
  return base32(BigInt(now.getTime()), timeDigits) + base32(BigInt(`0x${random}`), randomDigits);
}

function base32(value: bigint, digits: number): string {
  return Array.from({ length: digits }, (_, index) => alphabet.charAt(Number((value >> BigInt(5 * (digits - 1 - index))) & 31n))).join('');
}
