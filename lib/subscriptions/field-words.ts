/** What a field is told to be, for zod: `what` with its article, e.g. `a change type`. Missing is told from wrong. */
export const expected = (what: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? `is required: ${what}` : `must be ${what}`),
});

/** How an object of ours is told from another thing, and its fields from others. `what` with its article, e.g. `a subscription`. */
export const objectOf = (what: string) => ({
  error: (issue: { code?: string }) => (issue.code === 'unrecognized_keys' ? `is not a field of ${what}` : 'must be a JSON object'),
});
