/** Of version 00: `<version>-<trace id>-<parent id>-<flags>`, and no more. https://www.w3.org/TR/trace-context/#traceparent-header */
const known = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Of any version above it: the same four fields, then the end or a dash and whatever that version may hold. */
const later = /^(?!00|ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
const sampled = 1;

/**
 * The sender's trace context when it has one, else the beginning of a new trace. Always of version 00, so nothing of it is free text: it goes
 * into logs, queues and Kafka's headers. Of a later version what is known of it goes on, as the specification asks: both ids and whether it is
 * sampled. https://www.w3.org/TR/trace-context/#versioning-of-traceparent
 */
export function traceparentFor(header: string | undefined, randomBytes: (size: number) => Uint8Array): string {
  if (header !== undefined && known.test(header)) return header;
  const [, traceId, parentId, flags] = later.exec(header ?? '') ?? [];
  if (traceId !== undefined && parentId !== undefined) return `00-${traceId}-${parentId}-0${Number.parseInt(flags ?? '', 16) & sampled}`;
  const hex = (size: number) => Buffer.from(randomBytes(size)).toString('hex');
  return `00-${hex(16)}-${hex(8)}-01`;
}
