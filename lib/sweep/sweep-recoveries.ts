import type { Subscription } from '../subscriptions/subscription.ts';
import type { Recovered } from '../delivery/recover.ts';
import type { GoOver } from './go-over.ts';
import { inTurn } from './in-turn.ts';
import type { SweepParts } from './sweep-parts.ts';

/** Of one run. The rest of a minute is for what is owed, even where the store or the queue of replays is slow. */
const budgetMs = 15_000;
const nothing: Recovered = { sent: 0, unreadable: [] };

/** Goes on with the recoveries that run, for a part of the run's time. */
export async function sweepRecoveries(
  parts: Pick<SweepParts, 'subscriptions' | 'recover' | 'now' | 'intervalMs'>,
  run: { all: readonly Subscription[]; goOver: GoOver; hasTime: () => boolean; remainingMs: () => number },
): Promise<Recovered> {
  const endsAtMs = run.remainingMs() - budgetMs;
  const hasTime = (): boolean => run.hasTime() && run.remainingMs() > endsAtMs;
  const running = run.all.filter(({ recovery }) => recovery?.status === 'running');
  const recovered = await run.goOver(inTurn(running, parts), {
    mayBegin: hasTime,
    work: async ({ id }) => {
      // This very sweep may have disabled it.
      const subscription = await parts.subscriptions.find(id);
      return subscription !== undefined && isRecovering(subscription) ? parts.recover(subscription, hasTime) : nothing;
    },
  });
  return { sent: recovered.reduce((sum, { sent }) => sum + sent, 0), unreadable: recovered.flatMap(({ unreadable }) => unreadable) };
}

/** To a disabled one they would only die again. */
function isRecovering({ status, recovery }: Subscription): boolean {
  return recovery?.status === 'running' && (status === 'active' || status === 'paused');
}
