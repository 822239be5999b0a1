import type { SealContext } from '../sealing/data-keys.ts';
import type { SealedSecret } from '../sealing/sealed-secret.ts';
import { matchesAnyKey, signedContent, type SignedContent, type SignedParts } from './authenticity-hmac.ts';
import { challengeHeader, type HookTarget, type UnverifiedHookRequest } from './hook-request.ts';
import type { Authentication, Org } from './org.ts';
import { matchesAnyDigest } from './secret-digest.ts';
import { usableSecrets } from './usable-secrets.ts';

/** Opens the keys of senders that sign. @throws RelayError KEY_UNAVAILABLE, SECRET_UNREADABLE */
export interface HookSecrets {
  open(sealed: SealedSecret, context: SealContext): Promise<string>;
  /** Takes as long as `open` does with a data key at hand; opens nothing of anybody's. */
  openDecoy(): Promise<unknown>;
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
  /** Set when a signature is the only proof: a fixed header is the same in every request, so nothing tells one that comes again. */
  readonly signed: SignedContent | undefined;

  private constructor(org: Org, request: UnverifiedHookRequest, signed: SignedContent | undefined) {
    this.#org = org;
    this.#request = request;
    this.signed = signed;
  }

  /**
   * Answers undefined when the request proves nothing, for whatever reason; the reason stays unsaid. Every scheme and every
   * secret is compared. Pass `undefined` for an org that is not known: the same work is done.
   * @throws RelayError KEY_UNAVAILABLE, SECRET_UNREADABLE when a key that might have matched cannot be opened.
   */
  static async verify(request: UnverifiedHookRequest, org: Org | undefined, parts: Verifying): Promise<VerifiedHookRequest | undefined> {
    const nowMs = parts.now().getTime();
    // What was switched off proves as little as what was never there, and costs as much.
    const known = org?.status === 'disabled' ? undefined : org;
    const byHeader = matchesHeader(request, schemes(known, 'header'), nowMs);
    const byBasic = matchesBasic(request, schemes(known, 'basic'), nowMs);
    const keys = await openKeys(request, known, { secrets: parts.secrets, nowMs });
    const signed = signedParts(request);
    const bySignature = matchesAnyKey(signed, keys.open, nowMs);
    if (known !== undefined && (byHeader || byBasic)) return new VerifiedHookRequest(known, request, undefined);
    if (known !== undefined && bySignature) return new VerifiedHookRequest(known, request, signedContent(signed));
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

function matchesHeader(request: UnverifiedHookRequest, given: readonly Scheme<'header'>[], nowMs: number): boolean {
  // An org without this scheme, or no org at all, takes the same steps against no digests.
  const compared: readonly Omit<Scheme<'header'>, 'kind'>[] = given.length > 0 ? given : [{ headerName: 'authorization', digests: [] }];
  return compared
    .map(({ headerName, digests, previousUntil }) =>
      matchesAnyDigest(request.headers.get(headerName), usableSecrets(digests, previousUntil, nowMs)),
    )
    .includes(true);
}

function matchesBasic(request: UnverifiedHookRequest, given: readonly Scheme<'basic'>[], nowMs: number): boolean {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const credentials = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  const compared: readonly Omit<Scheme<'basic'>, 'kind'>[] = given.length > 0 ? given : [{ digests: [] }];
  return compared
    .map(({ digests, previousUntil }) => matchesAnyDigest(credentials, usableSecrets(digests, previousUntil, nowMs)))
    .includes(true);
}

function signedParts(request: UnverifiedHookRequest): SignedParts {
  return {
    timestamp: request.headers.get('x-relay-timestamp') ?? '',
    signatures: request.headers.get('x-relay-signature') ?? '',
    // Okta's GET has no body; what a signing sender vouches for is the challenge we are about to send back.
    bytes: request.target === 'challenge' ? Buffer.from(request.headers.get(challengeHeader) ?? '') : request.body,
  };
}

/** Keys of a scheme while it is rotated. */
const keyPlaces = 2;

interface Keys {
  readonly open: readonly Uint8Array[];
  readonly failed: PromiseRejectedResult | undefined;
}

/**
 * Opened only for a request that is signed: whether it is, the sender knows already. Two places are opened each time, a decoy where there
 * is no key, so that an org without keys, and no org at all, cost the same.
 */
async function openKeys(
  request: UnverifiedHookRequest,
  org: Org | undefined,
  { secrets, nowMs }: { secrets: HookSecrets; nowMs: number },
): Promise<Keys> {
  if (!request.headers.has('x-relay-signature')) return { open: [], failed: undefined };
  const sealed = schemes(org, 'hmac').flatMap((scheme) => usableSecrets(scheme.secrets, scheme.previousUntil, nowMs));
  const decoys = Array.from({ length: Math.max(0, keyPlaces - sealed.length) }, () => secrets.openDecoy());
  const opening = sealed.map((secret) => secrets.open(secret, { purpose: 'hook-secret', owner: org?.id ?? '' }));
  const results = await Promise.allSettled(opening);
  await Promise.all(decoys);
  // An empty key would let anybody sign.
  const open = results.flatMap((result) =>
    result.status === 'fulfilled' && result.value !== '' ? [Buffer.from(result.value, 'utf8')] : [],
  );
  return { open, failed: results.find((result) => result.status === 'rejected') };
}
