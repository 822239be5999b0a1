import * as z from 'zod';

/** `rpl_` and a ULID in lower case: ids sort by time of creation. */
export const replayIdSchema = z
  .string()
  .regex(/^rpl_[0-9a-z]{20,40}$/)
  .brand<'ReplayId'>();
export type ReplayId = z.infer<typeof replayIdSchema>;

/** Marks a delivery that is owed because somebody asked for a replay. It goes out with the header `relay-replay`. */
export const replayMarkSchema = z.object({
  id: replayIdSchema,
  /** Sent even where something newer was delivered: the stale guard is neither asked nor told. */
  full: z.boolean(),
});
export type ReplayMark = z.infer<typeof replayMarkSchema>;
