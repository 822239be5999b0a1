import { spawnSync } from 'node:child_process';
import { getPublicKeyAsync, verifyAsync } from '@noble/ed25519';
import { Webhook } from 'standardwebhooks';

/**
 * Receivers that share no code with the relay, which signs with node:crypto: the package of the Standard Webhooks project (its own HMAC in
 * JavaScript), WebCrypto and Python for `v1`; `@noble/ed25519` (its own curve arithmetic) and Python's `cryptography` for `v1a`.
 */
export interface SignedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The members of a JSON Web Key that a receiver needs. */
export interface ServedKey {
  readonly kty: string;
  readonly crv: string;
  readonly alg: string;
  readonly kid: string;
  readonly x: string;
}

/** The package also compares the timestamp with the clock of the process. */
export function isAcceptedByPackage(secret: string | undefined, { headers, body }: SignedWebhook): boolean {
  try {
    new Webhook(secret ?? '').verify(Buffer.from(body), { ...headers });
    return true;
  } catch {
    // The package says no by throwing.
    return false;
  }
}

export async function isAcceptedByWebCrypto(secret: string | undefined, webhook: SignedWebhook): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', keyBytes(secret ?? ''), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const checks = signaturesIn(webhook, 'v1').map((signature) => crypto.subtle.verify('HMAC', key, signature, signedBytes(webhook)));
  return (await Promise.all(checks)).includes(true);
}

/** True when any `v1a` signature of the webhook was made by any of the keys, by the letter of RFC 8032. */
export async function isSignedByOneOf(keys: readonly ServedKey[], webhook: SignedWebhook): Promise<boolean> {
  const checks = keys.flatMap(({ x }) =>
    signaturesIn(webhook, 'v1a').map((signature) =>
      verifyAsync(signature, signedBytes(webhook), Uint8Array.from(Buffer.from(x, 'base64url')), { zip215: false }),
    ),
  );
  return (await Promise.all(checks)).includes(true);
}

/** The public half of a `whsk_` key pair as a JSON Web Key has it, computed anew from its private half. */
export async function publicKeyOf(pair: string): Promise<string> {
  const seed = Buffer.from(pair.replace('whsk_', ''), 'base64').subarray(0, 32);
  return Buffer.from(await getPublicKeyAsync(Uint8Array.from(seed))).toString('base64url');
}

/** How a program ends that lacks a module: no status of Python's own. */
const noModule = 77;

const pythonProgram = `
import base64, hashlib, hmac, json, sys
for secret, content, given in json.load(sys.stdin):
    key = base64.b64decode(secret[len('whsec_'):], validate=True)
    own = base64.b64encode(hmac.new(key, base64.b64decode(content), hashlib.sha256).digest()).decode()
    print(any(hmac.compare_digest('v1,' + own, one) for one in given.split(' ')))
`;

/** What Python's own hmac says of each; undefined where there is no Python. */
export function areAcceptedByPython(webhooks: readonly (SignedWebhook & { readonly secret: string })[]): boolean[] | undefined {
  const input = webhooks.map((webhook) => [webhook.secret, signedText(webhook), webhook.headers['webhook-signature']]);
  return saidByPython(pythonProgram, input);
}

const ed25519Program = `
import base64, json, sys
try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.exit(${noModule})
def signed(key, content, one):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(one), content)
        return True
    except InvalidSignature:
        return False
for x, content, given in json.load(sys.stdin):
    key = base64.urlsafe_b64decode(x + '=' * (-len(x) % 4))
    print(any(signed(key, base64.b64decode(content), one[4:]) for one in given.split(' ') if one.startswith('v1a,')))
`;

/** What Python's package `cryptography` says of each: whether a `v1a` signature is by the key. Undefined where there is no Python or no such package. */
export function areSignedByPython(webhooks: readonly (SignedWebhook & { readonly key: ServedKey })[]): boolean[] | undefined {
  const input = webhooks.map((webhook) => [webhook.key.x, signedText(webhook), webhook.headers['webhook-signature']]);
  return saidByPython(ed25519Program, input);
}

/** A line for each, `True` or not; undefined where Python or a module is not there. */
function saidByPython(program: string, input: readonly unknown[]): boolean[] | undefined {
  const { error, status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: JSON.stringify(input), encoding: 'utf8' });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return undefined;
  if (status === noModule) return undefined;
  if (status !== 0) throw new Error(`python3 failed: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line === 'True');
}

const signedText = (webhook: SignedWebhook): string => Buffer.from(signedBytes(webhook)).toString('base64');

const keyBytes = (secret: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));

/** `id.timestamp.body`: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function signedBytes({ headers, body }: SignedWebhook): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body]));
}

function signaturesIn({ headers }: SignedWebhook, kind: 'v1' | 'v1a'): Uint8Array<ArrayBuffer>[] {
  return (headers['webhook-signature'] ?? '').split(' ').flatMap((one) => {
    const [version, text = ''] = one.split(',');
    return version === kind ? [Uint8Array.from(Buffer.from(text, 'base64'))] : [];
  });
}
