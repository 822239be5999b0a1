import * as z from 'zod';
import { expected, objectOf } from '../subscriptions/field-words.ts';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';
import { typePatternProblem } from '../subscriptions/type-pattern.ts';

/** As long as the topic keeps changes (`retentionMs` in lib/kafka/topics.ts: a test compares them). */
export const replayableMs = 604_800_000;

const limits = { types: 50, userBytes: 2_048 } as const;

const dateTime = 'a date-time with its offset, e.g. 2026-11-21T12:58:42Z';
// Aborting: the window is looked at only when both of its ends are times.
const time = z.iso.datetime({ offset: true, abort: true, ...expected(dateTime) }).transform((text) => new Date(text));

/** Body of `POST /v1/replays`. Every field is checked by itself, so that all faults are told at once; then the window as a whole. */
export function replayRequestSchema(now: Date) {
  return z
    .strictObject(
      {
        subscription: subscriptionId(),
        from: time,
        to: time,
        types: z
          .array(z.string(expected('a change type')).superRefine(typeProblem), expected('a list of change types'))
          .min(1, 'must name at least one change type; leave it out for all that the subscription asks for')
          .max(limits.types, `can have ${limits.types} entries at most`)
          .optional(),
        user: z
          .string(expected("an Okta user's id"))
          .min(1, 'must not be empty')
          .refine((id) => Buffer.byteLength(id) <= limits.userBytes, `can have ${limits.userBytes} bytes at most`)
          .optional(),
        full: z.boolean({ error: 'must be true or false' }).default(false),
      },
      objectOf('a replay'),
    )
    .superRefine(({ from, to }, context) => {
      const fault = (field: 'from' | 'to', message: string) => context.addIssue({ code: 'custom', path: [field], message });
      if (from >= to) fault('from', 'must be before `to`');
      if (to > now) fault('to', 'must not be in the future');
      if (from.getTime() < now.getTime() - replayableMs) fault('from', 'must be within the last seven days: the log keeps no more');
    });
}
export type ReplayRequest = z.infer<ReturnType<typeof replayRequestSchema>>;

function subscriptionId() {
  const what = 'the id of a subscription';
  return z
    .string(expected(what))
    .refine((id) => subscriptionIdSchema.safeParse(id).success, `must be ${what}`)
    .pipe(subscriptionIdSchema);
}

function typeProblem(pattern: string, context: z.RefinementCtx<string>): void {
  const message = typePatternProblem(pattern);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}
