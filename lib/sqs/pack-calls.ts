/** SendMessageBatch takes ten entries. */
const maxEntries = 10;
/**
 * A call may hold 1 MiB (1,048,576 bytes) over all its bodies; the rest is slack, should SQS count something that we do not.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const maxCallBytes = 1_000_000;

/** Cuts the entries into calls, in their order. An entry above the limit goes alone: a single message may use all of SQS's limit. */
export function packCalls<Entry extends { readonly bytes: number }>(entries: readonly Entry[]): Entry[][] {
  const calls: Entry[][] = [];
  let open: Entry[] = [];
  let openBytes = 0;
  for (const entry of entries) {
    if (open.length > 0 && (open.length === maxEntries || openBytes + entry.bytes > maxCallBytes)) {
      calls.push(open);
      open = [];
      openBytes = 0;
    }
    open.push(entry);
    openBytes += entry.bytes;
  }
  return open.length > 0 ? [...calls, open] : calls;
}
