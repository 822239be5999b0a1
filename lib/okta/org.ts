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
/** From then on the second secret no longer counts; absent: it counts until it is taken out. */
const previousUntil = z.iso.datetime().optional();

/** Okta's id of an event hook, opaque: the last part of a hook body's `source`. */
export const hookIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** How requests of one org prove where they come from. `header` is what Okta itself can do. */
const authenticationSchema = z.discriminatedUnion('kind', [
  /** SHA-256 of the whole value of the named header. The name is kept in lower case. */
  z.object({ kind: z.literal('header'), headerName: z.string().min(1).toLowerCase(), digests: twoAtMost(digestSchema), previousUntil }),
  /** SHA-256 of `user:password` after base64 decoding of `Authorization: Basic …`. */
  z.object({ kind: z.literal('basic'), digests: twoAtMost(digestSchema), previousUntil }),
  /** Shared keys of a sender that signs: sealed, because verifying needs them whole. */
  z.object({ kind: z.literal('hmac'), secrets: twoAtMost(sealedSecretSchema), previousUntil }),
]);
export type Authentication = z.infer<typeof authenticationSchema>;

export const orgSchema = z.object({
  id: orgIdSchema,
  /** Hosts that this org's hook bodies may name; the first is the canonical one and makes a change's `source`. */
  hosts: z.array(z.string().min(1).toLowerCase()).min(1),
  authentication: z.array(authenticationSchema).min(1),
  /** `disabled`: what it sends is refused like an unknown org's. Absent: active. */
  status: z.enum(['active', 'disabled']).optional(),
  /** The event hooks an operator knows to be the org's, and what becomes of a body from another one. Absent: none are confirmed. */
  hooks: z.object({ confirmed: z.array(hookIdSchema), others: z.enum(['accept', 'quarantine']) }).optional(),
  /** Hours of silence after which it is missed; null: never. Absent: `defaultSilentAfterHours` of lib/orgs/silent-orgs.ts. */
  silentAfterHours: z.int().positive().nullable().optional(),
  /** `start`: from flags or file of local mode, which alone change it. Absent: an item made by hand. */
  madeBy: z.enum(['api', 'start']).optional(),
  createdAt: z.iso.datetime().optional(),
  updatedAt: z.iso.datetime().optional(),
});
export type Org = z.infer<typeof orgSchema>;
