import * as z from 'zod';
import { orgIdSchema } from '../okta/org.ts';
import { compileFilter } from './scim-filter/compile-filter.ts';
import { filterLimits } from './scim-filter/filter.ts';
import { typePatternProblem } from './type-pattern.ts';

/** Says whether an endpoint's URL may be sent to, without looking its name up. lib/delivery/address-guard.ts is the one in use. */
export type UrlCheck = (url: string) => { readonly kind: 'allowed' } | { readonly kind: 'refused'; readonly reason: string };

const limits = { nameLength: 100, urlLength: 2_048, types: 50, orgs: 100 } as const;

/** A check whose answer is a sentence about what is wrong, or nothing. */
const sentence =
  (problemOf: (text: string) => string | undefined) =>
  (text: string, context: z.RefinementCtx<string>): void => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };

const expected = (what: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? `is required: ${what}` : `must be ${what}`),
});
const notOffered = z.never({ error: 'is not offered yet' }).optional();

/** Body of `POST /v1/subscriptions` (design section 9). Every field is checked by itself, so that all faults are told at once. */
export function subscriptionRequestSchema(checkUrl: UrlCheck) {
  return z.strictObject(
    {
      name: z.string(expected('a text')).superRefine(sentence(nameProblem)),
      url: z.string(expected('an HTTPS URL')).superRefine(sentence((url) => urlProblem(url, checkUrl))),
      types: z
        .array(z.string(expected('a change type')).superRefine(sentence(typePatternProblem)), expected('a list of change types'))
        .min(1, 'must name at least one change type; `*` is everything')
        .max(limits.types, `can have ${limits.types} entries at most`),
      orgs: z
        .array(z.string(expected('an org id')).superRefine(sentence(orgProblem)).pipe(orgIdSchema), expected('a list of org ids'))
        .min(1, 'must name at least one org; leave it out for every org')
        .max(limits.orgs, `can have ${limits.orgs} entries at most`)
        .optional(),
      filter: z.string(expected('a SCIM filter')).superRefine(sentence(filterProblem)).optional(),
      ordering: z.enum(['per-subject', 'none'], { error: 'must be `per-subject` or `none`' }).default('per-subject'),
      format: z.literal('cloudevents', { error: 'must be `cloudevents`' }).default('cloudevents'),
      attributes: notOffered,
      limits: notOffered,
    },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? 'is not a field of a subscription' : 'must be a JSON object') },
  );
}
export type SubscriptionRequest = z.infer<ReturnType<typeof subscriptionRequestSchema>>;

function nameProblem(name: string): string | undefined {
  if (name.trim() === '' || name.length > limits.nameLength) return `must have 1 to ${limits.nameLength} characters`;
  // A name is printed in consoles and mails; control characters and halves of characters can break those.
  return /[\p{Cc}\p{Cs}]/u.test(name) ? 'cannot hold control characters' : undefined;
}

/** The text is stored as it was sent, so what a URL parser would silently drop or rewrite is refused. */
function urlProblem(url: string, checkUrl: UrlCheck): string | undefined {
  if (url.length > limits.urlLength) return `can have ${limits.urlLength} characters at most`;
  if (!/^[\x21-\x7e]+$/.test(url)) return 'must be written in printable ASCII without spaces; international names in their `xn--` form';
  if (url.includes('#')) return 'cannot have a fragment: it would never be sent';
  const check = checkUrl(url);
  return check.kind === 'refused' ? check.reason : undefined;
}

function orgProblem(org: string): string | undefined {
  return orgIdSchema.safeParse(org).success ? undefined : 'must be an org id: lower-case letters, digits and dashes, 63 at most';
}

function filterProblem(filter: string): string | undefined {
  if (filter.length > filterLimits.maxLength) return `can have ${filterLimits.maxLength} characters at most`;
  const compiled = compileFilter(filter);
  return compiled.kind === 'invalid' ? compiled.detail : undefined;
}
