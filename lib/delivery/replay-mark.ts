import * as z from 'zod';

/** Names what was asked to be sent again: a replay or a recovery (new-replay-id.ts), or the redelivery of one dead letter (redeliver.ts). */
export const replayIdSchema = z
  .string()
  .regex(/^rpl_[0-9a-z]{20,40}$/)
  .brand<'ReplayId'>();
export type ReplayId = z.infer<typeof replayIdSchema>;

/** Marks a delivery that is owed because somebody asked for it to be sent again. It goes out with the header `relay-replay`. */
export const replayMarkSchema = z.object({
  id: replayIdSchema,
  /** What the delivery's id is made with in place of `id`: a recovered letter is the same delivery as a redelivered one. */
  key: replayIdSchema.optional(),
  /** Sent even where something newer was delivered: the stale guard is neither asked nor told. */
  full: z.boolean(),
});
