import * as z from 'zod';
import { subscriptionIdSchema } from '../subscriptions/subscription.ts';

/** The message by which `sweep` has a parked lane worked. It goes into the lane's own group, so that nothing of the lane is worked beside it. */
export const releaseMessageSchema = z.object({
  v: z.literal(1),
  release: z.object({
    /** Good for one epoch of the lane, until another is issued; also the message's deduplication id. */
    token: z.string().min(1).max(128),
    subscription: subscriptionIdSchema,
    /** One attempt in spite of an open circuit, to find out whether the endpoint is back. */
    probe: z.boolean(),
  }),
});
export type ReleaseMessage = z.infer<typeof releaseMessageSchema>;
