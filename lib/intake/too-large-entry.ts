import { createHash } from 'node:crypto';
import { orgIdSchema } from '../okta/org.ts';
import type { QuarantineEntry } from '../quarantine/quarantine.ts';
import type { ChangeRecord } from './change-log.ts';

/** A change that the log refuses by itself, for the quarantine. Its id names it, so that Okta's retry of the same event makes no second entry. */
export function tooLargeEntry({ key, value, headers }: ChangeRecord, receivedAt: Date): QuarantineEntry {
  const hash = createHash('sha256').update(`change-too-large\n${key}\n`);
  return {
    id: `spool-${hash
      .update(headers['ce_id'] ?? value)
      .digest('hex')
      .slice(0, 40)}`,
    // A key is `<org>:<ordering key>`.
    org: orgIdSchema.safeParse(key.split(':')[0]).data ?? 'unknown',
    reason: 'change-too-large',
    detail: `The change log refused this change of ${value.byteLength} bytes, by itself, for its size.`,
    receivedAt,
    body: value,
  };
}
