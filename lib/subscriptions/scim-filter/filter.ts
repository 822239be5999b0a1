/** A parsed SCIM filter (RFC 7644 §3.4.2.2). docs/scim-filter.md says what each part means over a change. */
export type Filter =
  | { readonly kind: 'and'; readonly terms: readonly Filter[] }
  | { readonly kind: 'or'; readonly terms: readonly Filter[] }
  | { readonly kind: 'not'; readonly term: Filter }
  | { readonly kind: 'present'; readonly path: AttributePath }
  | { readonly kind: 'compare'; readonly path: AttributePath; readonly operator: CompareOperator; readonly value: Literal }
  /** `emails[type eq "work"]`: some element satisfies the whole inner filter. */
  | { readonly kind: 'some'; readonly path: AttributePath; readonly element: Filter };

/** Names from the outside in: `user.userName` is `['user', 'userName']`. Never empty. */
export type AttributePath = readonly [string, ...string[]];

export const compareOperators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type CompareOperator = (typeof compareOperators)[number];

export type Literal = string | number | boolean | null;

/** A filter runs on every change for every subscriber, so its cost is bounded before it is stored. */
export const filterLimits = {
  /** Characters (UTF-16 code units). */
  maxLength: 2_048,
  /** Parentheses and brackets inside one another. */
  maxDepth: 16,
  /** Comparisons, `pr` included. Each reads the change once at most. */
  maxComparisons: 64,
} as const;
