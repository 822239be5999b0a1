import type { FieldProblem } from '../subscriptions/field-problems.ts';

/** How a call of the admin API ends. What each is answered with is in answer.ts. */
export type AdminOutcome =
  | { readonly kind: 'found'; readonly body: object }
  | { readonly kind: 'created'; readonly location: string; readonly body: object }
  /** It will be done; the place tells how far it is. */
  | { readonly kind: 'accepted'; readonly location: string; readonly body: object }
  /** There is nothing to show for it. */
  | { readonly kind: 'done' }
  /** `challenge`: value of `WWW-Authenticate`. */
  | { readonly kind: 'unauthorised'; readonly challenge: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'other-method'; readonly allow: readonly string[] }
  | { readonly kind: 'conflict'; readonly detail: string }
  | { readonly kind: 'not-json' }
  | { readonly kind: 'other-media-type' }
  | { readonly kind: 'too-large'; readonly maxBytes: number }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] };
