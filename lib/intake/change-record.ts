import type { Change } from '../identity/change.ts';
import type { ChangeRecord } from './change-log.ts';

/**
 * A change as it lies in the log. The key and the headers hold no names and no addresses, so that one day the value can be
 * encrypted per person.
 * @param value the serialised change
 */
export function changeRecord(change: Change, value: Uint8Array, traceparent: string): ChangeRecord {
  return {
    key: change.partitionkey,
    value,
    headers: { ce_id: change.id, ce_type: change.type, 'content-type': 'application/cloudevents+json', traceparent },
  };
}
