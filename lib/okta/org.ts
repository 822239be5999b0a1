import * as z from 'zod';
import { sealedSecretSchema } from '../sealing/sealed-secret.ts';

/** Our short name of an Okta org: the `{orgId}` of the hook URL. */
export const orgIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, 63 at most, e.g. acme')
  .brand<'OrgId'>();
export type OrgId = z.infer<typeof orgIdSchema>;

/** SHA-256 of a secret value in lower-case hex: all that is kept of `header` and `basic` secrets. */
const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** Two at most: the current secret and the one being rotated in or out. */
const twoAtMost = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(2);

/** How requests of one org prove where they come from. `header` is what Okta itself can do. */
export const authenticationSchema = z.discriminatedUnion('kind', [
  /** SHA-256 of the whole value of the named header. The name is kept in lower case. */
  z.object({ kind: z.literal('header'), headerName: z.string().min(1).toLowerCase(), digests: twoAtMost(digestSchema) }),
  /** SHA-256 of `user:password` after base64 decoding of `Authorization: Basic …`. */
  z.object({ kind: z.literal('basic'), digests: twoAtMost(digestSchema) }),
  /** Shared keys of a sender that signs: sealed, because verifying needs them whole. */
  z.object({ kind: z.literal('hmac'), secrets: twoAtMost(sealedSecretSchema) }),
]);
export type Authentication = z.infer<typeof authenticationSchema>;

export const orgSchema = z.object({
  id: orgIdSchema,
  /** Hosts that this org's hook bodies may name; the first is the canonical one and makes a change's `source`. */
  hosts: z.array(z.string().min(1).toLowerCase()).min(1),
  authentication: z.array(authenticationSchema).min(1),
});
export type Org = z.infer<typeof orgSchema>;
