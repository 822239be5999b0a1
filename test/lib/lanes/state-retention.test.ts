import { expect, it } from 'vitest';
import { deliveryLifetimeMs, deliveryRetentionDays } from '#lib/delivery/delivery.ts';
import { topics } from '#lib/kafka/topics.ts';
import { stateRetentionDays } from '#lib/lanes/stale-guard.ts';
import { queues } from '#lib/sqs/queues.ts';
import { longestRetryMs } from '#lib/webhooks/retry-schedule.ts';

const dayMs = 24 * 60 * 60_000;
/** docs/subscribers.md, "Pausing". */
const longestPauseMs = 7 * dayMs;

it('a state is remembered for as long as something older can come, sent again as a dead letter on its last day included', () => {
  const { retentionMs } = topics['identity.changes.v1'];
  const waitsBeforeItIsDeadMs = [
    retentionMs,
    queues.deliveries.retentionSeconds * 1_000,
    // The first claim after this ends it; a wait or a pause may have begun the moment before.
    deliveryLifetimeMs,
    Math.max(longestRetryMs, longestPauseMs),
  ];
  const waitsAfterMs = [queues.replayDeliveries.retentionSeconds * 1_000, longestPauseMs];
  const longestMs = [...waitsBeforeItIsDeadMs, deliveryRetentionDays * dayMs, ...waitsAfterMs].reduce((sum, ms) => sum + ms, 0);
  expect(stateRetentionDays * dayMs).toBeGreaterThanOrEqual(longestMs);
});
