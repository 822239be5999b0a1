import type { DeliverParts } from './deliver-parts.ts';
import type { DeliveryId, DeliveryMessage } from '../delivery/delivery.ts';
import { isRemoval } from '../identity/is-removal.ts';
import type { Verdict } from '../webhooks/verdict.ts';
import type { ClaimedDelivery } from './claimed-delivery.ts';
import type { NextStep } from '../webhooks/retry-schedule.ts';

/** What comes after an attempt; of a probe that failed, nothing by the schedule. */
export type Step = NextStep | { readonly kind: 'probe-failed' };

/** What an attempt taught: of the endpoint, and of the delivery. */
export interface EndedDelivery {
  /** What the endpoint that it was sent to said of itself. */
  readonly answeredAs: Verdict;
  readonly step: Step;
  readonly now: Date;
  /** Log-safe words for what it ended with: an error kind, `status-500`. */
  readonly because: string;
}

/**
 * What nobody would hear of if the process died once the attempt is on record, for the repeat is a duplicate then: that a delivery is given up,
 * and that an endpoint is back. A crash in between brings the attempt again, and this with it. Where it throws, the attempt is put on record all the same,
 * and this is lost: one `exhausted` event and one in the count of `Dead`, while the dead letter is listed; or one round of probes, until the next one.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE
 */
export async function tellBeforeRecord(parts: DeliverParts, delivery: ClaimedDelivery, ended: EndedDelivery): Promise<void> {
  const { message, subscription } = delivery;
  if (ended.step.kind === 'exhausted')
    await parts.circuits.exhausted(subscription.id, { at: ended.now, eventId: eventIdOf(message.delivery), reason: ended.because });
  if (closes(delivery, ended)) await note(parts, delivery, ended);
}

export async function tellAfterRecord(parts: DeliverParts, delivery: ClaimedDelivery, ended: EndedDelivery): Promise<void> {
  if (ended.step.kind === 'delivered') measure(parts, delivery.message, ended.now);
  if (!closes(delivery, ended)) await note(parts, delivery, ended);
}

function closes({ admission }: ClaimedDelivery, { step }: EndedDelivery): boolean {
  return admission.kind === 'probe' && step.kind === 'delivered';
}

async function note(
  { circuits }: DeliverParts,
  { group, subscription, admission }: ClaimedDelivery,
  { answeredAs: { kind: verdict }, now, because }: EndedDelivery,
) {
  // Also where the subscription has another endpoint by now, of which it says nothing.
  if (verdict !== 'gone') await circuits.noteAttempt(subscription, { group, verdict, now, admission, reason: because });
}

/** The digest in a delivery's id as a uuid of the version for own ways (RFC 9562 §5.8), so that the same end is told as the same event. */
function eventIdOf(delivery: DeliveryId): string {
  return delivery.replace(/^dlv_(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-8$3-8$4-$5');
}

/** What is sent again on request is as old as it is, and says nothing about the relay. */
function measure({ metrics }: DeliverParts, message: DeliveryMessage, now: Date): void {
  if (message.replay !== undefined) return;
  const latencyMs = Math.max(0, now.getTime() - Date.parse(message.change.time));
  metrics.time('DeliveryLatencyMs', latencyMs, { Subscription: message.subscription });
  if (isRemoval(message.change)) metrics.time('RemovalLatencyMs', latencyMs, { Subscription: message.subscription });
}
