import type { AttemptError } from '../delivery/delivery.ts';

export type VerdictKind = 'accepted' | 'gone' | 'refused' | 'failed';

/** The first and the last status, both included, and what they mean. */
export type StatusRow = readonly [from: number, to: number, verdict: VerdictKind];

/**
 * What each status means for a delivery. The first row that holds a status counts; the last holds them all. Sections are those of RFC 9110,
 * https://www.rfc-editor.org/rfc/rfc9110; the rows for 2xx and 410 are Standard Webhooks' own,
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
 */
export const statusVerdicts: readonly StatusRow[] = [
  // The receiver has it; which 2xx makes no difference.
  [200, 299, 'accepted'],
  // 15.4: redirects are not followed: they could lead anywhere. A repaired URL brings the change through.
  [300, 399, 'failed'],
  // 15.5.1: the receiver read the change and calls it wrong.
  [400, 400, 'refused'],
  // 15.5.5: nothing is at the path, and that is seldom passing; three tries bridge a deployment.
  [404, 404, 'refused'],
  // 15.5.10: it contradicts the receiver's state, which sending the same again does not change.
  [409, 409, 'refused'],
  // The endpoint is gone for good and asks not to be called again.
  [410, 410, 'gone'],
  // 15.5.14: the change is larger than the receiver takes, and will be next time.
  [413, 413, 'refused'],
  // 15.5.21: the receiver understood the change and cannot apply it.
  [422, 422, 'refused'],
  // 15.5: something between the two of us: a key, a gateway, a limit (429 with Retry-After). It is repaired or passes.
  [400, 499, 'failed'],
  // 15.6: the receiver could not, and says so; 503 may say with Retry-After when it can.
  [500, 599, 'failed'],
  // 15: no status of a final answer: an intermediary, or a server that does not speak HTTP.
  [-Infinity, Infinity, 'failed'],
];

/** What each failure below HTTP means: that it passes. The type makes the table total. */
export const errorVerdicts: Readonly<Record<AttemptError, VerdictKind>> = {
  // No answer in the time an attempt has (ATTEMPT_TIMEOUT_MS). It may have arrived all the same.
  timeout: 'failed',
  // The name did not resolve: a resolver that is away, or a record that is being moved. https://www.rfc-editor.org/rfc/rfc8499
  dns: 'failed',
  // The name leads to an address that is not sent to (address-guard.ts). Names change; what was repaired is sent.
  'address-refused': 'failed',
  // Nobody listens at the port, as during a restart. https://www.rfc-editor.org/rfc/rfc9293#section-3.10.7
  'connection-refused': 'failed',
  // The connection ended before the answer. It may have arrived all the same. https://www.rfc-editor.org/rfc/rfc9293#section-3.5.2
  'connection-reset': 'failed',
  // No secure connection: most often a certificate that ran out, and is renewed. https://www.rfc-editor.org/rfc/rfc8446#section-6.2
  tls: 'failed',
  // No way to the address at the moment. https://www.rfc-editor.org/rfc/rfc1812#section-5.2.7.1
  'network-unreachable': 'failed',
  // What came back is not HTTP, or has no end. It may have arrived all the same. https://www.rfc-editor.org/rfc/rfc9112#section-2.2
  'invalid-response': 'failed',
  // An error nobody has thought of (lib/https/attempt-error.ts): ours to look at, not the reason to lose a change.
  unknown: 'failed',
};
