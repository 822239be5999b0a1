import type { DeadLetter, Delivery, DeliveryStore } from './delivery.ts';

const pageSize = 100;

/**
 * Whether a younger delivery of a dead letter's change to its subscription, of a redelivery, a recovery or a replay, has come to its end. Delivered, it has
 * left the letter nothing to tell; dead, it is the letter to send, if it has one. While it is under way it decides nothing. The log may be a moment
 * behind, so where something is being sent at this very time a `false` can be wrong: a redelivery of this letter is the same delivery then, and settles once.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function wasSentSince(
  deliveries: Pick<DeliveryStore, 'list' | 'letter'>,
  { delivery, message }: DeadLetter,
): Promise<boolean> {
  const { subscription, change } = message;
  const query = { subscription, change: change.id, since: new Date(delivery.createdAt), limit: pageSize } as const;
  for (let cursor: string | undefined; ;) {
    const page = await deliveries.list({ ...query, cursor });
    if (page.kind === 'bad-cursor') throw new Error('A cursor of the delivery log was not taken back');
    for (const other of page.data) if (isYounger(other, delivery) && (await takesItsPlace(deliveries, other))) return true;
    if (page.nextCursor === null) return false;
    cursor = page.nextCursor;
  }
}

async function takesItsPlace(deliveries: Pick<DeliveryStore, 'letter'>, { id, status }: Delivery): Promise<boolean> {
  if (status === 'pending' || status === 'parked') return false;
  if (status !== 'dead') return true;
  const letter = await deliveries.letter(id);
  return letter !== undefined && 'message' in letter;
}

/** Of two created in one millisecond one is the younger all the same: else each would be passed over for the other. */
function isYounger(one: Delivery, other: Delivery): boolean {
  return `${one.createdAt}${one.id}` > `${other.createdAt}${other.id}`;
}
