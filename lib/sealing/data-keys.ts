/**
 * Port: one-time data keys under a master key that never leaves its home (KMS, or the local key file).
 * `context` names what the secret belongs to; unwrapping with another context fails.
 */
export interface DataKeys {
  /** @throws RelayError KEY_UNAVAILABLE */
  generate(context: SealContext): Promise<{ keyId: string; plaintext: Uint8Array; wrapped: Uint8Array }>;
  /** @throws RelayError KEY_UNAVAILABLE when the master key cannot be reached, SECRET_UNREADABLE when it refuses. */
  unwrap(wrapped: Uint8Array, keyId: string, context: SealContext): Promise<Uint8Array>;
}

/** Bound into the encryption as additional authenticated data (KMS encryption context), e.g. `{ purpose: 'signing-secret', owner: 'sub_…' }`. */
export interface SealContext {
  readonly purpose: 'signing-secret' | 'hook-secret';
  readonly owner: string;
}
