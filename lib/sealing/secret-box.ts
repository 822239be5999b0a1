import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { RelayError } from '../errors.ts';
import type { DataKeys, SealContext } from './data-keys.ts';
import { base64Bytes } from './base64-bytes.ts';
import type { SealedSecret } from './sealed-secret.ts';

/** AES-256-GCM: NIST SP 800-38D recommends 96-bit IVs; a shorter tag is easier to forge. */
const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/**
 * Longest an unwrapped data key is used, so that taking away the right to the master key takes effect. It is dropped when anything is
 * opened after that: an environment that opens nothing keeps it in memory, unused, for as long as it lives.
 */
const maxCacheMs = 5 * 60_000;
/** Keys kept at most: one subscription has one or two. */
const maxCachedKeys = 1_000;

interface CachedKey {
  readonly key: Promise<Uint8Array>;
  readonly untilMs: number;
}

/** Seals secrets for storage and opens them again. Every secret has a data key of its own. */
export class SecretBox {
  readonly #dataKeys: DataKeys;
  readonly #now: () => Date;
  readonly #cacheMs: number;
  readonly #cache = new Map<string, CachedKey>();

  /** `cacheMs` is five minutes, and not more. */
  constructor(dataKeys: DataKeys, options: { now: () => Date; cacheMs?: number }) {
    this.#dataKeys = dataKeys;
    this.#now = options.now;
    this.#cacheMs = Math.min(options.cacheMs ?? maxCacheMs, maxCacheMs);
  }

  /** @throws RelayError KEY_UNAVAILABLE */
  async seal(plaintext: string, context: SealContext): Promise<SealedSecret> {
    const { keyId, plaintext: key, wrapped } = await this.#dataKeys.generate(context);
    const wrappedKey = Buffer.from(wrapped).toString('base64');
    // Not injected, unlike other randomness: an IV that a caller can choose is an IV that a caller can repeat.
    const iv = randomBytes(ivBytes);
    const sealing = createCipheriv(cipher, key, iv, { authTagLength: tagBytes }).setAAD(authenticatedData(context, keyId, wrappedKey));
    const ciphertext = Buffer.concat([sealing.update(plaintext, 'utf8'), sealing.final()]);
    key.fill(0);
    return {
      v: 1,
      keyId,
      wrappedKey,
      iv: iv.toString('base64'),
      ciphertext: ciphertext.toString('base64'),
      tag: sealing.getAuthTag().toString('base64'),
    };
  }

  /** @throws RelayError KEY_UNAVAILABLE; SECRET_UNREADABLE when any part was altered or the secret was sealed for another context. */
  async open(sealed: SealedSecret, context: SealContext): Promise<string> {
    const nowMs = this.#now().getTime();
    this.#dropExpired(nowMs);
    const iv = base64Bytes(sealed.iv, ivBytes);
    const tag = base64Bytes(sealed.tag, tagBytes);
    const ciphertext = base64Bytes(sealed.ciphertext);
    const wrappedKey = base64Bytes(sealed.wrappedKey);
    if (!iv || !tag || !ciphertext || !wrappedKey) throw unreadable(context, sealed.keyId);
    const key = await this.#dataKey(sealed, context, { wrappedKey, nowMs });
    try {
      const opening = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes });
      opening.setAAD(authenticatedData(context, sealed.keyId, sealed.wrappedKey)).setAuthTag(tag);
      return Buffer.concat([opening.update(ciphertext), opening.final()]).toString('utf8');
    } catch (cause) {
      throw unreadable(context, sealed.keyId, cause);
    }
  }

  /** Callers at the same time share one call; a failure is not remembered. */
  #dataKey(
    sealed: SealedSecret,
    context: SealContext,
    { wrappedKey, nowMs }: { wrappedKey: Uint8Array; nowMs: number },
  ): Promise<Uint8Array> {
    // The context is part of the name: a key unwrapped for one owner says nothing about what another may unwrap.
    const name = JSON.stringify([sealed.keyId, sealed.wrappedKey, context.purpose, context.owner]);
    const cached = this.#cache.get(name);
    if (cached !== undefined && nowMs < cached.untilMs) return cached.key;
    const key = this.#dataKeys.unwrap(wrappedKey, sealed.keyId, context);
    const entry = { key, untilMs: nowMs + this.#cacheMs };
    this.#keep(name, entry);
    // The rejection reaches the caller through `key` itself; this branch only forgets it.
    key.catch(() => this.#cache.get(name) === entry && this.#cache.delete(name));
    return key;
  }

  #dropExpired(nowMs: number): void {
    for (const [name, { untilMs }] of this.#cache) {
      // Entries are in the order they were put in, so the first one that is still good ends the search; a clock set back delays it.
      if (nowMs < untilMs) break;
      this.#cache.delete(name);
    }
  }

  #keep(name: string, entry: CachedKey): void {
    this.#cache.delete(name);
    const [oldest] = this.#cache.size >= maxCachedKeys ? this.#cache.keys() : [];
    if (oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(name, entry);
  }
}

/** What the tag vouches for besides the secret itself. */
function authenticatedData(context: SealContext, keyId: string, wrappedKey: string): Buffer {
  return Buffer.from(JSON.stringify([1, context.purpose, context.owner, keyId, wrappedKey]));
}

function unreadable(context: SealContext, keyId: string, cause?: unknown): RelayError {
  return new RelayError('SECRET_UNREADABLE', 'A sealed secret was altered, or belongs to something else', {
    facts: { purpose: context.purpose, owner: context.owner, keyId },
    cause,
  });
}
