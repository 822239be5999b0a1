import type { Delivery } from '../delivery/delivery.ts';

/** Whether a delivery still waits, by its record. What has no record was never heard of. */
export function isOwed(record: Pick<Delivery, 'status'> | undefined): boolean {
  return record === undefined || record.status === 'pending' || record.status === 'parked';
}
