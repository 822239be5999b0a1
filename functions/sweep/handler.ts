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
    const line = lineOf(context);
    const tellSilence = async (): Promise<void> => {
      const { silent, errors } = await silentOrgs(hearing);
      if (silent.length > 0) line.note({ silentOrgs: silent });
      if (silent.length > 0) line.warn();
      for (const error of errors) line.failure(error);
    };
    // Also where there is nothing to sweep, because the subscriptions cannot be read.
    const swept = await sweep(sweeping, () => context.getRemainingTimeInMillis()).finally(tellSilence);
    const { errors, subscriptions, released, probes, events, recovered, openCircuits } = swept;
    for (const error of errors) line.failure(error);
    const outcome = line.codes.length === 0 ? 'done' : 'partial';
    line.note({ subscriptions, released, probes, operatorEvents: events, recovered, openCircuits, outcome });
    const { dueLanes, parkedLanes, oldestRemovalSeconds } = swept;
    line.note({ dueLanes, parkedLanes, oldestRemovalSeconds });
  });
