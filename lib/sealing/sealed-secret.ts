import * as z from 'zod';

/** A secret at rest: AES-256-GCM under a data key that is itself wrapped by KMS (in AWS) or the local key (local mode). Base64 throughout. */
export const sealedSecretSchema = z.object({
  v: z.literal(1),
  /** Which master key wrapped the data key: a KMS key ARN or `local:<fingerprint>`. */
  keyId: z.string().min(1),
  wrappedKey: z.string().min(1),
  iv: z.string().min(1),
  ciphertext: z.string(),
  tag: z.string().min(1),
});
export type SealedSecret = z.infer<typeof sealedSecretSchema>;
