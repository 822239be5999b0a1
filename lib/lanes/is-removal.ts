import { changeTypes } from '../identity/change-types.ts';
import type { DeliveryMessage } from '../delivery/delivery.ts';

const removals: ReadonlySet<string> = new Set(changeTypes.flatMap(({ type, removal }) => (removal ? [type] : [])));

/** Whether a delivery takes access away. Such a one never waits behind a delivery that fails (design section 6). */
export function isRemoval({ change }: Pick<DeliveryMessage, 'change'>): boolean {
  return removals.has(change.type);
}
