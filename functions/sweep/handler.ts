/**
 * sweep: what waits outside the queue, once a minute.
 *
 * Arrives: the tick of an EventBridge schedule; nothing of it is looked at.
 * Leaves:  a release on the delivery queues for each parked lane that is due, and operator events; subscriptions moved on whose time has
 *          come; how many orgs are silent that used to speak.
 * Retries: the next tick. Two at once do no harm.
 */
import middy from '@middy/core';
import { sweep } from '#lib/sweep/sweep.ts';
import { silentOrgs } from '#lib/orgs/silent-orgs.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { hearing, sweeping, telemetry } from './wiring.ts';

export const handler = middy<unknown, undefined>(earlyTimeout)
  .use(wideLine('sweep', telemetry))
  .handler(async (_, context) => {
    const { errors, subscriptions, released, probes, events, recovered, openCircuits, dueLanes, parkedLanes } = await sweep(sweeping, () =>
      context.getRemainingTimeInMillis(),
    );
    const missed = await silentOrgs(hearing);
    const failed = [...errors, ...missed.errors];
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
      ...(missed.silent.length === 0 ? {} : { silentOrgs: missed.silent }),
      outcome: failed.length === 0 ? 'done' : 'partial',
    });
    if (missed.silent.length > 0) line.warn();
    for (const error of failed) line.failure(error);
  });
