/**
 * Names that never lead to the public internet: special-use names (RFC 6761, 6762 with its appendix G, 7686, 8375, 9476 and the whole
 * infrastructure domain, RFC 3172), names that ICANN keeps out of the root because networks use them inside (corp, home, mail;
 * https://www.icann.org/en/board-activities-and-meetings/materials/approved-resolutions-special-meeting-of-the-icann-board-04-02-2018-en#2.c),
 * and what clouds, clusters and routers use.
 */
const insideNames = ['localhost', 'localdomain', 'local', 'internal', 'intranet', 'private', 'corp', 'home', 'mail', 'lan', 'svc', 'default', 'test', 'invalid', 'onion', 'alt', 'home.arpa', 'arpa']; // prettier-ignore

/**
 * Public names of what clouds tell their own machines. Most are caught by the address they resolve to; a name that answers with
 * a public address outside its cloud would not be.
 */
const metadataNames = ['metadata.goog', 'metadata.google', 'metadata.tencentyun.com', 'metadata.platformequinix.com', 'metadata.packet.net', 'metadata.azure.com', 'metadata.digitalocean.com', 'metadata.oraclecloud.com', 'metadata.amazonaws.com', 'instance-data.ec2.amazonaws.com']; // prettier-ignore

/** RFC 1035 §2.3.4. */
const maxNameLength = 253;
/** RFC 1035 §2.3.1 and, as names in the wild have it, the underscore. International labels are there as `xn--…` by now. */
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * What is wrong with a host name to send to, in words, or undefined. `host` is as `new URL` writes it: lower case, Punycode, and
 * no address. A name that passes may still resolve to anything; the sender checks that for each connection.
 */
export function hostNameProblem(host: string): string | undefined {
  // First of all: what is said of a name below repeats it.
  if (host.length > maxNameLength) return `must not have a host name longer than ${maxNameLength} characters`;
  if (host.endsWith('.')) return 'must not end its host name with a dot';
  const inside = [...insideNames, ...metadataNames].find((name) => host === name || host.endsWith(`.${name}`));
  if (inside !== undefined) return `must not point at ${host}: names under "${inside}" do not lead to the public internet`;
  if (!host.includes('.')) return `must not point at ${host}: a host name without a dot does not lead to the public internet`;
  const labels = host.split('.');
  if (!labels.every((part) => label.test(part))) return 'must have a host name of letters, digits and dashes, 63 at most between two dots';
  // No top-level domain is a number, and resolvers differ in what they make of one.
  return /^[0-9-]*[a-z][a-z0-9-]*$/.test(labels.at(-1) ?? '') ? undefined : 'must have a host name that ends in a top-level domain';
}
