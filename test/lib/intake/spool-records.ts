import type { ChangeRecord } from '#lib/intake/change-log.ts';

/** A record about an invented user, as receive-hook makes it. `more` is part of its value. */
export function recordOf(user: string, id: string, more: object = {}): ChangeRecord {
  const change = { id, type: 'identity.user.deactivated', partitionkey: `acme:${user}`, ...more };
  return {
    key: change.partitionkey,
    value: Buffer.from(JSON.stringify(change), 'utf8'),
    headers: { ce_id: id, ce_type: change.type, 'content-type': 'application/cloudevents+json', traceparent: '00-trace-01' },
  };
}

export const idsOf = (records: readonly ChangeRecord[]): string[] => records.map(({ headers }) => headers['ce_id'] ?? '');

/** Ids by key, in order. */
export function byKey(records: readonly ChangeRecord[]): Record<string, string[]> {
  return Object.fromEntries([...Map.groupBy(records, ({ key }) => key)].map(([key, ofKey]) => [key, idsOf(ofKey)]));
}
