import type { SealContext } from '../sealing/data-keys.ts';
import type { SealedSecret } from '../sealing/sealed-secret.ts';
import { matchesAnyKey } from './authenticity-hmac.ts';
import { challengeHeader, type HookTarget, type UnverifiedHookRequest } from './hook-request.ts';
import type { Authentication, Org } from './org.ts';
import { matchesAnyDigest } from './secret-digest.ts';

/** Opens the keys of senders that sign. @throws RelayError KEY_UNAVAILABLE, SECRET_UNREADABLE */
export interface HookSecrets {
  open(sealed: SealedSecret, context: SealContext): Promise<string>;
}

export interface Verifying {
  readonly secrets: HookSecrets;
  readonly now: () => Date;
}

/**
 * A request whose sender has proved to be the org's Okta. Only {@link VerifiedHookRequest.verify} makes one, so whatever
 * asks for this type cannot be given an unproved request.
 */
export class VerifiedHookRequest {
  readonly #org: Org;
  readonly #request: UnverifiedHookRequest;

  private constructor(org: Org, request: UnverifiedHookRequest) {
    this.#org = org;
    this.#request = request;
  }

  /**
   * Answers undefined when the request proves nothing, for whatever reason; the reason stays unsaid. Every scheme and every
   * secret is compared. Pass `undefined` for an org that is not known: the same work is done.
   * @throws RelayError KEY_UNAVAILABLE, SECRET_UNREADABLE when a key that might have matched cannot be opened.
   */
  static async verify(request: UnverifiedHookRequest, org: Org | undefined, parts: Verifying): Promise<VerifiedHookRequest | undefined> {
    const byHeader = matchesHeader(request, schemes(org, 'header'));
    const byBasic = matchesBasic(request, schemes(org, 'basic'));
    const keys = await openKeys(request, org, parts.secrets);
    const bySignature = matchesAnyKey(signedParts(request), keys.open, parts.now().getTime());
    if (org !== undefined && (byHeader || byBasic || bySignature)) return new VerifiedHookRequest(org, request);
    if (keys.failed !== undefined) throw keys.failed.reason;
    return undefined;
  }

  get org(): Org {
    return this.#org;
  }
  get target(): HookTarget {
    return this.#request.target;
  }
  get headers(): ReadonlyMap<string, string> {
    return this.#request.headers;
  }
  get body(): Uint8Array {
    return this.#request.body;
  }
}

type Scheme<Kind extends Authentication['kind']> = Extract<Authentication, { kind: Kind }>;

function schemes<Kind extends Authentication['kind']>(org: Org | undefined, kind: Kind): Scheme<Kind>[] {
  return (org?.authentication ?? []).filter((scheme): scheme is Scheme<Kind> => scheme.kind === kind);
}

function matchesHeader(request: UnverifiedHookRequest, given: readonly Scheme<'header'>[]): boolean {
  // An org without this scheme, or no org at all, takes the same steps against no digests.
  const compared = given.length > 0 ? given : [{ headerName: 'authorization', digests: [] }];
  return compared.map(({ headerName, digests }) => matchesAnyDigest(request.headers.get(headerName), digests)).includes(true);
}

function matchesBasic(request: UnverifiedHookRequest, given: readonly Scheme<'basic'>[]): boolean {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const credentials = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  const compared = given.length > 0 ? given : [{ digests: [] }];
  return compared.map(({ digests }) => matchesAnyDigest(credentials, digests)).includes(true);
}

function signedParts(request: UnverifiedHookRequest) {
  return {
    timestamp: request.headers.get('x-relay-timestamp') ?? '',
    signatures: request.headers.get('x-relay-signature') ?? '',
    // Okta's GET has no body; what a signing sender vouches for is the challenge we are about to send back.
    bytes: request.target === 'challenge' ? Buffer.from(request.headers.get(challengeHeader) ?? '') : request.body,
  };
}

interface Keys {
  readonly open: readonly Uint8Array[];
  readonly failed: PromiseRejectedResult | undefined;
}

/** Opened only for a request that is signed: whether it is, the sender knows already. */
async function openKeys(request: UnverifiedHookRequest, org: Org | undefined, secrets: HookSecrets): Promise<Keys> {
  if (org === undefined || !request.headers.has('x-relay-signature')) return { open: [], failed: undefined };
  const sealed = schemes(org, 'hmac').flatMap((scheme) => scheme.secrets);
  const results = await Promise.allSettled(sealed.map((secret) => secrets.open(secret, { purpose: 'hook-secret', owner: org.id })));
  // An empty key would let anybody sign.
  const open = results.flatMap((result) =>
    result.status === 'fulfilled' && result.value !== '' ? [Buffer.from(result.value, 'utf8')] : [],
  );
  return { open, failed: results.find((result) => result.status === 'rejected') };
}
