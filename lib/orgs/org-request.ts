import * as z from 'zod';
import { hookIdSchema, orgIdSchema } from '../okta/org.ts';
import { expected, objectOf } from '../subscriptions/field-words.ts';
import { takenOrgIds } from './taken-org-ids.ts';

/** Okta lets an org have 25 active hooks; the rest is for those that come and go. */
const limits = { hosts: 20, hooks: 50, secretMin: 16, secretMax: 512 } as const;
/** A rotation that has to be approved takes days; a secret that counts for longer than a week was not rotated. */
const maxOverlapSeconds = 7 * 24 * 60 * 60;
/** Thirty days: whoever is content with less often wants no alarm at all. */
const maxSilentHours = 30 * 24;
const defaultOverlapSeconds = 24 * 60 * 60;

const id = z
  .string(expected('an id'))
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes, 63 at most')
  .refine((text) => !takenOrgIds.includes(text), 'is a name that the relay uses itself')
  .pipe(orgIdSchema);
const hosts = z
  .array(z.string(expected('a host name')).toLowerCase().pipe(z.hostname('must be a host name')), expected('a list of host names'))
  .min(1, 'must name at least one host')
  .max(limits.hosts, `can have ${limits.hosts} entries at most`);
const hookId = z
  .string(expected('the id of an event hook'))
  .refine((text) => hookIdSchema.safeParse(text).success, 'must be the id of an event hook');
const hooks = z
  .strictObject(
    {
      confirmed: z.array(hookId, expected('a list of ids of event hooks')).max(limits.hooks, `can have ${limits.hooks} entries at most`),
      others: z.enum(['accept', 'quarantine'], expected('`accept` or `quarantine`')).default('accept'),
    },
    objectOf('hooks'),
  )
  .refine(({ confirmed, others }) => others === 'accept' || confirmed.length > 0, {
    path: ['confirmed'],
    message: 'must name at least one hook when others go to quarantine',
  });
const silentAfterHours = z
  .int(expected('a whole number of hours, or null'))
  .min(1, 'must be 1 at least, or null')
  .max(maxSilentHours, `can be ${maxSilentHours} at most, or null`)
  .nullable();
const secret = z
  .string(expected('a text'))
  .min(limits.secretMin, `must have at least ${limits.secretMin} characters`)
  .max(limits.secretMax, `can have ${limits.secretMax} characters at most`)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be printable ASCII, without spaces at the ends');

const scheme = z.discriminatedUnion(
  'kind',
  [
    z.strictObject(
      {
        kind: z.literal('header'),
        headerName: z
          .string(expected('the name of a header'))
          .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header: letters, digits and dashes')
          .default('Authorization'),
      },
      objectOf('the header scheme'),
    ),
    z.strictObject({ kind: z.literal('basic') }, objectOf('the basic scheme')),
    z.strictObject({ kind: z.literal('hmac') }, objectOf('the hmac scheme')),
  ],
  { error: 'must be an object whose kind is `header`, `basic` or `hmac`' },
);
export type SchemeKind = z.infer<typeof scheme>['kind'];

const isCredentials = (text: string): boolean => /^[^:]+:.+$/.test(text);
const notCredentials = 'must be `user:password` for the basic scheme';

/** Body of `POST /v1/orgs`. */
export const createOrgSchema = z
  .strictObject(
    {
      id,
      hosts,
      authentication: scheme,
      secret: secret.optional(),
      hooks: hooks.optional(),
      silentAfterHours: silentAfterHours.optional(),
    },
    objectOf('an org'),
  )
  .refine(({ authentication, secret }) => secret === undefined || authentication.kind !== 'basic' || isCredentials(secret), {
    path: ['secret'],
    message: notCredentials,
  });
export type CreateOrgRequest = z.infer<typeof createOrgSchema>;

/** Body of `PATCH /v1/orgs/{id}`. What is left out stays as it is. */
export const changeOrgSchema = z.strictObject(
  {
    hosts: hosts.optional(),
    hooks: hooks.optional(),
    silentAfterHours: silentAfterHours.optional(),
    status: z.enum(['active', 'disabled'], { error: 'must be `active` or `disabled`' }).optional(),
  },
  objectOf('an org that can be changed'),
);

/** Body of `POST /v1/orgs/{id}/rotate-secret`. */
export const rotateSecretSchema = z.strictObject(
  {
    secret: secret.optional(),
    overlapSeconds: z
      .int(expected('a whole number of seconds'))
      .min(0, 'cannot be negative')
      .max(maxOverlapSeconds, `can be ${maxOverlapSeconds} at most`)
      .default(defaultOverlapSeconds),
    scheme: z.enum(['header', 'basic', 'hmac'], { error: 'must be `header`, `basic` or `hmac`' }).optional(),
    keep: z.enum(['current', 'previous'], { error: 'must be `current` or `previous`' }).optional(),
  },
  objectOf('a rotation'),
);
export type RotateSecretRequest = z.infer<typeof rotateSecretSchema>;

export function credentialsProblem(kind: SchemeKind, secret: string | undefined): string | undefined {
  return kind === 'basic' && secret !== undefined && !isCredentials(secret) ? notCredentials : undefined;
}
