/** `<version>-<trace id>-<parent id>-<flags>`; later versions may go on after the flags. https://www.w3.org/TR/trace-context/#traceparent-header */
const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
/** The longest of version 00 is 55; what is longer came from a version that nobody has written yet. */
const maxCharacters = 128;

/** The sender's trace context when it has one, else the beginning of a new trace. */
export function traceparentFor(header: string | undefined, randomBytes: (size: number) => Uint8Array): string {
  const match = header !== undefined && header.length <= maxCharacters ? form.exec(header) : null;
  const wellFormed = match !== null && (match[1] !== '00' || match[2] === undefined);
  if (wellFormed) return match[0];
  const hex = (size: number) => Buffer.from(randomBytes(size)).toString('hex');
  return `00-${hex(16)}-${hex(8)}-01`;
}
