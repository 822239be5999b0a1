import type { Quarantine, QuarantineEntry } from './quarantine.ts';

/** Where bodies are. @throws RelayError QUARANTINE_UNAVAILABLE */
export interface QuarantineBodies {
  /** Durable once it resolves. The same id and body again changes nothing. */
  put(entry: Pick<QuarantineEntry, 'id' | 'body'>): Promise<void>;
}

/** Where entries are listed. @throws RelayError QUARANTINE_UNAVAILABLE */
export interface QuarantineEntries {
  /** Durable once it resolves. An id that is listed already stays as it was. */
  add(entry: QuarantineEntry): Promise<void>;
}

/**
 * Body first, then the entry: whatever is listed has its body. Killed in between, a body is left that nobody lists; the
 * input is then not acknowledged, comes again, and completes it.
 */
export function storedQuarantine({ bodies, index }: { bodies: QuarantineBodies; index: QuarantineEntries }): Quarantine {
  return {
    async keep(entry) {
      // The id becomes the body's name in the bucket.
      if (!/^[a-z0-9-]{1,64}$/.test(entry.id)) throw new Error('A quarantine id is 1 to 64 characters of [a-z0-9-]');
      await bodies.put(entry);
      await index.add(entry);
    },
  };
}
