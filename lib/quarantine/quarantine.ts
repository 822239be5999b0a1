/** Why an authentic input is kept aside. Each reason has a row in docs/errors.md. */
export const quarantineReasons = [
  'empty-body',
  'body-too-large',
  'not-json',
  'not-an-event-hook',
  'no-events',
  'source-mismatch',
  'hook-unconfirmed',
  'event-without-uuid',
  'event-without-type',
  'event-without-time',
  'event-not-an-object',
  'change-too-large',
  'record-unreadable',
  'filters-too-slow',
  'delivery-unreadable',
  'delivery-refused-by-queue',
  'spool-unreadable',
] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

export interface QuarantineEntry {
  /** Derived from the input, so that the same input kept twice is one entry. 1-64 characters `[a-z0-9-]`. */
  readonly id: string;
  /** `unknown` when the input does not say whose it is. */
  readonly org: string;
  readonly reason: QuarantineReason;
  /** A sentence for the operator; no personal data. */
  readonly detail: string;
  readonly receivedAt: Date;
  /** The input, byte for byte. */
  readonly body: Uint8Array;
}

/** Port: where an authentic input that cannot be read or carried is kept, with the reason. */
export interface Quarantine {
  /** Durable once it resolves. @throws RelayError QUARANTINE_UNAVAILABLE */
  keep(entry: QuarantineEntry): Promise<void>;
}

/** What `GET /v1/quarantine` lists. */
export interface QuarantineRow {
  readonly id: string;
  readonly org: string;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly receivedAt: string;
  /** Bytes of the input. */
  readonly size: number;
}

/** Port: newest first, at most as far back as entries are kept. @throws RelayError QUARANTINE_UNAVAILABLE */
export interface QuarantineIndex {
  list(query: { org?: string | undefined; limit: number; cursor?: string | undefined }): Promise<QuarantinePage>;
}

export type QuarantinePage =
  | { readonly kind: 'page'; readonly data: readonly QuarantineRow[]; readonly nextCursor: string | null }
  /** The cursor is none that a page of this list ended with. */
  | { readonly kind: 'bad-cursor' };

/** How long an entry and its body are kept. */
export const quarantineRetentionDays = 90;
