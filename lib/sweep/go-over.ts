import type { Subscription } from '../subscriptions/subscription.ts';

/** Subscriptions that are worked at a time. */
const atATime = 8;

/** Does something for each of these, several at a time, while more may be begun; what failed is told, and left out of the answer. */
export type GoOver = <T extends object | number>(
  subscriptions: readonly Subscription[],
  each: { readonly mayBegin: () => boolean; readonly work: (subscription: Subscription) => Promise<T> },
) => Promise<readonly T[]>;

/** `tell` hears of each that failed: one subscription's trouble must not keep the lanes of all others parked. */
export function goingOver(tell: (error: unknown) => void): GoOver {
  return async (subscriptions, { mayBegin, work }) => {
    const outcomes: Awaited<ReturnType<typeof work>>[] = [];
    // Each worker takes the next when its own is done.
    const waiting = subscriptions.values();
    const worker = async (): Promise<void> => {
      for (const subscription of waiting) {
        if (!mayBegin()) return;
        const outcome = await work(subscription).catch((error: unknown) => {
          tell(error);
        });
        if (outcome !== undefined) outcomes.push(outcome);
      }
    };
    await Promise.all(Array.from({ length: atATime }, worker));
    return outcomes;
  };
}
