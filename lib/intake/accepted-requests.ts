import type { OrgId } from '../okta/org.ts';

/** A signed request, told by what was signed. */
export interface SignedRequest {
  readonly org: OrgId;
  /** 64 hex digits. */
  readonly id: string;
  /** After this it proves nothing any more, and need not be remembered. */
  readonly validUntil: Date;
}

/** Port: signed requests whose events are durable. @throws RelayError SENDER_STORE_UNAVAILABLE */
export interface AcceptedRequests {
  has(request: SignedRequest): Promise<boolean>;
  /** To be called when the request is durable and not before: what is noted is never worked again. */
  add(request: SignedRequest): Promise<void>;
}
