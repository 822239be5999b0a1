import type { ServedKey } from '../support/signature-verifiers.ts';

/** About one person and where she was; none of it belongs into a log line, a key, an index or an answer. */
export const person = {
  id: '00ucanaryperson00000',
  userName: 'canary.person.31f0@example.com',
  displayName: 'Canáry "Person" 31f0',
  city: 'Canaryville-31f0',
} as const;
/** Somebody whom a subscription asks for by name, which its owner is shown again. */
export const wanted = 'canary.wanted.77c1@example.com';
/** What subscribers answer: theirs to choose, and kept. */
export const echoed = 'canary-echoed-answer-6d6d';
export const configured = { hmac: 'canary-hmac-secret-58d1', basic: 'canary-basic-password-02ab', header: 'canary-header-secret-c3c3' };
export const registered = 'canary-registered-secret-77aa';
export const presented = { hookSecret: 'canary-guessed-secret-1d1d', token: 'canary-guessed-token-9e9e', urlPassword: 'canary-url-password-4b4b', fieldValue: 'canary-field-value-0c0c' }; // prettier-ignore
/** What whoever calls with a mistake in it is told again, to find the mistake. */
export const quoted = { host: 'canary-host-8f8f.internal', 'name of a field': 'canary-field-2e2e', 'name in a filter': 'canaryRoot-7d7d' } as const; // prettier-ignore
/** Somebody whom a subscriber's answer names. */
export const named = { id: '00ucanarynamed000000', userName: 'canary.named.9b9b@example.com' } as const;
export const ownSecret = `whsec_${Buffer.from('canary secret of a subscriber 24').toString('base64')}`;

const narrow = { attributes: ['user.id'] };
const minimal = { format: 'minimal' };
/** Every way to be signed for and to ask for less, sent to, given up and waiting. */
export const cast = {
  whole: { limits: { deliveriesPerSecond: 500 } },
  keys: { signature: 'v1a' },
  both: { signature: 'both' },
  own: {},
  attributes: narrow,
  minimal,
  gone: {},
  'gone-attributes': narrow,
  'gone-minimal': minimal,
  paused: {},
  'paused-attributes': narrow,
  'paused-minimal': minimal,
  naming: { filter: `user.id eq "${named.id}"` },
  wanted: { filter: `user.userName eq "${wanted}"` },
} as const;
export type CastName = keyof typeof cast;
export const names = Object.keys(cast) as CastName[];
/** Those that do not ask for a name or an address. */
export const narrowed = names.filter((name) => /attributes|minimal/.test(name));
/** Whose secrets are rotated, and with what body. */
export const rotated: Partial<Record<CastName, object>> = { whole: {}, keys: {}, both: {}, own: { secret: ownSecret } };

export interface CanarySubscription {
  readonly id: string;
  /** Shared secrets, oldest first. */
  readonly told: readonly string[];
  /** What jwks.json served before the rotation, and after it. */
  readonly firstKeys: readonly ServedKey[];
  readonly keys: readonly ServedKey[];
}
