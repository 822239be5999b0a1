import type { AttemptError } from './delivery.ts';

export type VerdictKind = 'accepted' | 'gone' | 'refused' | 'failed';

export interface VerdictRow {
  readonly verdict: VerdictKind;
  readonly why: string;
  /** Where it is written down. */
  readonly source: string;
}
export interface StatusRow extends VerdictRow {
  /** First and last status, both included. */
  readonly from: number;
  readonly to: number;
}

const rfc9110 = (section: string): string => `https://www.rfc-editor.org/rfc/rfc9110#section-${section}`;
const standardWebhooks = 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md';
const row = (verdict: VerdictKind, why: string, source: string): VerdictRow => ({ verdict, why, source });
const statuses = (range: readonly [from: number, to: number], ...rest: Parameters<typeof row>): StatusRow => {
  const [from, to] = range;
  return { from, to, ...row(...rest) };
};

/** What each status means for a delivery. The first row that holds a status counts; the last holds them all. */
export const statusVerdicts: readonly StatusRow[] = [
  statuses([200, 299], 'accepted', 'The receiver has it; which 2xx makes no difference.', standardWebhooks),
  statuses(
    [300, 399],
    'failed',
    'Redirects are not followed: they could lead anywhere. A repaired URL brings the change through.',
    rfc9110('15.4'),
  ),
  statuses([400, 400], 'refused', 'The receiver read the change and calls it wrong.', rfc9110('15.5.1')),
  statuses(
    [404, 404],
    'refused',
    'Nothing is at the path, and that is seldom passing; three tries bridge a deployment.',
    rfc9110('15.5.5'),
  ),
  statuses([409, 409], 'refused', "It contradicts the receiver's state, which sending the same again does not change.", rfc9110('15.5.10')),
  statuses([410, 410], 'gone', 'The endpoint is gone for good and asks not to be called again.', standardWebhooks),
  statuses([413, 413], 'refused', 'The change is larger than the receiver takes, and will be next time.', rfc9110('15.5.14')),
  statuses([422, 422], 'refused', 'The receiver understood the change and cannot apply it.', rfc9110('15.5.21')),
  statuses(
    [400, 499],
    'failed',
    'Something between the two of us: a key, a gateway, a limit (429 with Retry-After). It is repaired or passes.',
    rfc9110('15.5'),
  ),
  statuses([500, 599], 'failed', 'The receiver could not, and says so; 503 may say with Retry-After when it can.', rfc9110('15.6')),
  statuses(
    [-Infinity, Infinity],
    'failed',
    'No status of a final answer: an intermediary, or a server that does not speak HTTP.',
    rfc9110('15'),
  ),
];

/** What each failure below HTTP means: that it passes. The type makes the table total. */
export const errorVerdicts: Readonly<Record<AttemptError, VerdictRow>> = {
  timeout: row('failed', 'No answer in the time an attempt has. It may have arrived all the same.', 'design section 6: 15 s'),
  dns: row(
    'failed',
    'The name did not resolve: a resolver that is away, or a record that is being moved.',
    'https://www.rfc-editor.org/rfc/rfc8499',
  ),
  'address-refused': row(
    'failed',
    'The name leads to an address that is not sent to. Names change; what was repaired is sent.',
    'lib/delivery/address-guard.ts',
  ),
  'connection-refused': row(
    'failed',
    'Nobody listens at the port, as during a restart.',
    'https://www.rfc-editor.org/rfc/rfc9293#section-3.10.7',
  ),
  'connection-reset': row(
    'failed',
    'The connection ended before the answer. It may have arrived all the same.',
    'https://www.rfc-editor.org/rfc/rfc9293#section-3.5.2',
  ),
  tls: row(
    'failed',
    'No secure connection: most often a certificate that ran out, and is renewed.',
    'https://www.rfc-editor.org/rfc/rfc8446#section-6.2',
  ),
  'network-unreachable': row('failed', 'No way to the address at the moment.', 'https://www.rfc-editor.org/rfc/rfc1812#section-5.2.7.1'),
  'invalid-response': row(
    'failed',
    'What came back is not HTTP, or has no end. It may have arrived all the same.',
    'https://www.rfc-editor.org/rfc/rfc9112#section-2.2',
  ),
  unknown: row('failed', 'An error nobody has thought of: ours to look at, not the reason to lose a change.', 'lib/https/attempt-error.ts'),
};
