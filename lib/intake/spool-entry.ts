import { createHash } from 'node:crypto';
import type { QuarantineEntry } from '../quarantine/quarantine.ts';

/** The body of a spool message that holds no records, for the quarantine. The bytes name it, so that a message that comes again is the same entry. */
export function spoolEntry(body: string, detail: string, receivedAt: Date): QuarantineEntry {
  const bytes = Buffer.from(body, 'utf8');
  return {
    id: `spool-${createHash('sha256').update(bytes).digest('hex').slice(0, 40)}`,
    // Whose it is stands in the part that could not be read.
    org: 'unknown',
    reason: 'spool-unreadable',
    detail,
    receivedAt,
    body: bytes,
  };
}
