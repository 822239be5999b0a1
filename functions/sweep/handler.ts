/**
 * sweep: what waits outside the queue, once a minute.
 *
 * Arrives: the tick of an EventBridge schedule; nothing of it is looked at.
 * Leaves:  a release on the delivery queues for each parked lane that is due, and operator events; subscriptions moved on whose time has come.
 * Retries: the next tick. Two at once do no harm.
 */
import middy from '@middy/core';
import { sweep } from '#lib/delivery/sweep.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { sweeping, telemetry } from './wiring.ts';

export const handler = middy<unknown, undefined>(earlyTimeout)
  .use(wideLine('sweep', telemetry))
  .handler(async (_, context) => {
    const { errors, subscriptions, released, probes, events, recovered, openCircuits, dueLanes, parkedLanes } = await sweep(sweeping, () =>
      context.getRemainingTimeInMillis(),
    );
    const line = lineOf(context);
    line.note({
      subscriptions,
      released,
      probes,
      operatorEvents: events,
      recovered,
      openCircuits,
      dueLanes,
      parkedLanes,
      outcome: errors.length === 0 ? 'done' : 'partial',
    });
    for (const error of errors) line.failure(error);
  });
