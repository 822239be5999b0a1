import { randomBytes, randomUUID } from 'node:crypto';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import { maxChangeBytes } from '#lib/identity/change.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';

/** A message whose change is as large as one may be (or nearly `bytes`), of characters that gzip can do little with: any of 20,000, three bytes each. */
export function largestMessage(bytes = maxChangeBytes): DeliveryMessage {
  const base = deliveryMessage({ change: randomUUID() });
  const length = Math.floor((bytes - Buffer.byteLength(JSON.stringify(base.change))) / 3);
  const random = randomBytes(2 * length);
  const displayName = Array.from({ length }, (_, index) => String.fromCharCode(0x4e00 + (random.readUInt16LE(2 * index) % 0x5000))).join(
    '',
  );
  const user = { id: '00u10r4h1xAe2TIcx4x7', ...base.change.data.user, displayName };
  return { ...base, change: { ...base.change, data: { ...base.change.data, user } } };
}
