import type { RelayError } from '../errors.ts';
import type { OrgId } from '../okta/org.ts';
import type { QuarantineReason } from '../quarantine/quarantine.ts';

/** How one hook request ended. lib/http says it in status codes, lib/telemetry in the log line. */
export type HookOutcome =
  /** Every event is durable: in the log or the spool, or in quarantine with its reason. */
  | {
      readonly kind: 'accepted';
      readonly org: OrgId;
      readonly events: number;
      readonly changes: number;
      /** One for each entry in quarantine. */
      readonly reasons: readonly QuarantineReason[];
      readonly traceparent: string;
      /** Present when the changes went to the spool; `because` is what the log failed with, undefined when it was not tried. */
      readonly spooled?: { readonly because: unknown };
      /** Present when the body came from a hook that nobody has confirmed to be the org's. */
      readonly unconfirmedHook?: string;
      /** Present when what was seen of the sender could not be noted. The events are safe all the same. */
      readonly unnoted?: RelayError;
    }
  /** The body as a whole is durable in quarantine. */
  | { readonly kind: 'quarantined'; readonly org: OrgId; readonly reason: QuarantineReason }
  /** A signed request that was accepted before and came again, byte for byte: nothing was done with it. */
  | { readonly kind: 'repeated'; readonly org: OrgId }
  /** Okta's handshake: `verification` goes back as it came. */
  | { readonly kind: 'challenged'; readonly org: OrgId; readonly verification: string }
  /** The sender proved nothing; why is not known here, on purpose. */
  | { readonly kind: 'refused'; readonly because?: 'address' }
  | { readonly kind: 'challenge-missing' | 'other-method' | 'other-path'; readonly org: OrgId }
  /** Something needed was out of reach or too slow, and nothing is acknowledged: the sender must send again. */
  | { readonly kind: 'unavailable'; readonly error: RelayError };
