import * as z from 'zod';
import { orgIdSchema } from '../okta/org.ts';
import { attributeLimits, attributePathProblem } from './attribute-projection.ts';
import { expected } from './field-words.ts';
import { retrySecondsProblem } from './retry-seconds.ts';
import { compileFilter } from './scim-filter/compile-filter.ts';
import { filterLimits } from './scim-filter/filter.ts';
import { limitsSchema } from './subscription.ts';
import { typePatternProblem } from './type-pattern.ts';

/** What this deployment lets a subscription be. */
export interface FieldBounds {
  readonly checkUrl: UrlCheck;
  /** Most requests at a time that one may ask for; absent: the most there is (`limitsSchema`). */
  readonly maxConcurrency?: number | undefined;
}

/** Says whether an endpoint's URL may be sent to, without looking its name up. lib/webhooks/address-guard.ts is the one in use. */
export type UrlCheck = (url: string) => { readonly kind: 'allowed' } | { readonly kind: 'refused'; readonly reason: string };

const bounds = { nameLength: 100, urlLength: 2_048, types: 50, orgs: 100 } as const;

/** A check whose answer is a sentence about what is wrong, or nothing. */
const sentence =
  <T>(problemOf: (value: T) => string | undefined) =>
  (value: T, context: z.RefinementCtx<T>): void => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };

/** What an owner decides about a subscription, field by field, as it is asked for; what may be left out is the request's to say. */
export function subscriptionFields({ checkUrl, maxConcurrency }: FieldBounds) {
  return {
    name: z.string(expected('a text')).superRefine(sentence(nameProblem)),
    url: z.string(expected('an HTTPS URL')).superRefine(sentence((url) => urlProblem(url, checkUrl))),
    types: z
      .array(z.string(expected('a change type')).superRefine(sentence(typePatternProblem)), expected('a list of change types'))
      .min(1, 'must name at least one change type; `*` is everything')
      .max(bounds.types, `can have ${bounds.types} entries at most`),
    orgs: z
      .array(z.string(expected('an org id')).superRefine(sentence(orgProblem)).pipe(orgIdSchema), expected('a list of org ids'))
      .min(1, 'must name at least one org; leave it out for every org')
      .max(bounds.orgs, `can have ${bounds.orgs} entries at most`),
    filter: z.string(expected('a SCIM filter')).superRefine(sentence(filterProblem)),
    deliveriesPerSecond: limit('deliveriesPerSecond'),
    concurrency: limit('concurrency', maxConcurrency),
    schedule: z
      .array(z.number(expected('a number of seconds')), expected('a list of waits in seconds'))
      .superRefine(sentence(retrySecondsProblem)),
    stale: z.enum(['skip', 'late'], { error: 'must be `skip` or `late`' }),
    attributes: z
      .array(z.string(expected('an attribute path')).superRefine(sentence(attributePathProblem)), expected('a list of attribute paths'))
      .min(1, 'must name at least one attribute; with the format `minimal` only ids are sent')
      .max(attributeLimits.paths, `can have ${attributeLimits.paths} entries at most`),
  };
}

function limit(name: keyof typeof limitsSchema.shape, most = Infinity) {
  const schema = limitsSchema.shape[name].unwrap();
  const text = `must be a whole number from ${schema.minValue} to ${Math.min(schema.maxValue ?? most, most)}`;
  return z.number(text).refine((value) => schema.safeParse(value).success && value <= most, text);
}

function nameProblem(name: string): string | undefined {
  if (name.trim() === '' || name.length > bounds.nameLength) return `must have 1 to ${bounds.nameLength} characters`;
  // A name is printed in consoles and mails; control characters and halves of characters can break those.
  return /[\p{Cc}\p{Cs}]/u.test(name) ? 'cannot hold control characters' : undefined;
}

/** The text is stored as it was sent, so what a URL parser would silently drop or rewrite is refused. */
function urlProblem(url: string, checkUrl: UrlCheck): string | undefined {
  if (url.length > bounds.urlLength) return `can have ${bounds.urlLength} characters at most`;
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
