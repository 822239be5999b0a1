import type { DeliveryMessage } from '../delivery/delivery.ts';
import { relayVersion } from './relay-version.ts';
import { signWebhook } from './sign.ts';
import { webhookIdOf } from './webhook-id.ts';

/** W3C Trace Context, version 00. Anything else is left out: it came over the wire, and it would go into a header. */
const traceparentPattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Headers of one attempt. All that depends on time is in them; the body is the same for every attempt.
 * @throws RelayError SECRET_UNREADABLE
 */
export function webhookHeaders(
  message: DeliveryMessage,
  { late, ...attempt }: { readonly at: Date; readonly body: Uint8Array; readonly secrets: readonly string[]; readonly late?: boolean },
): Record<string, string> {
  const { traceparent, replay } = message;
  return {
    'content-type': 'application/cloudevents+json',
    'user-agent': `okta-event-relay/${relayVersion}`,
    ...signWebhook({ id: webhookIdOf(message.change.id), ...attempt }),
    ...(traceparent !== undefined && traceparentPattern.test(traceparent) ? { traceparent } : {}),
    ...(replay === undefined ? {} : { 'relay-replay': replay.id }),
    ...(late === true ? { 'relay-late': 'true' } : {}),
  };
}
