import * as z from 'zod';
import { fieldProblemsOf, type FieldProblem } from '../subscriptions/field-problems.ts';

export type Query<T> =
  { readonly kind: 'read'; readonly value: T } | { readonly kind: 'invalid'; readonly errors: readonly FieldProblem[] };

/** Entries of a page when the caller does not say, and at most. */
const defaultLimit = 50;
const maxLimit = 100;

/** Parameters that every list takes. */
const paging = {
  limit: z
    .string()
    .regex(/^[0-9]{1,3}$/, `must be a whole number from 1 to ${maxLimit}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= maxLimit, `must be a whole number from 1 to ${maxLimit}`)
    .default(defaultLimit),
  cursor: z.string().min(1, 'must be the nextCursor of a page').max(2_048, 'must be the nextCursor of a page').optional(),
};

/** A list's query string by its own parameters and {@link paging}; whatever is at fault is named, e.g. `?status`. */
export function readQuery<Shape extends z.ZodRawShape>(
  query: URLSearchParams,
  shape: Shape,
): Query<z.infer<z.ZodObject<Shape & typeof paging>>> {
  const schema = z.strictObject(
    { ...shape, ...paging },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? 'is not a parameter of this call' : undefined) },
  );
  const repeated = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  const parsed = schema.safeParse(Object.fromEntries(query));
  const errors = [
    ...repeated.map((name) => ({ pointer: `/${name}`, detail: 'can be given once only' })),
    ...(parsed.success ? [] : fieldProblemsOf(parsed.error)),
  ].map(({ pointer, detail }) => ({ pointer: `?${pointer.slice(1)}`, detail }));
  return parsed.success && errors.length === 0 ? { kind: 'read', value: parsed.data } : { kind: 'invalid', errors };
}

export const badCursor: Extract<Query<never>, { kind: 'invalid' }> = {
  kind: 'invalid',
  errors: [{ pointer: '?cursor', detail: 'must be the nextCursor of a page of this list' }],
};
