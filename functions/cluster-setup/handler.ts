/**
 * cluster-setup: what the stack must know about the Kafka cluster while it is deployed.
 *
 * Arrives: requests of CloudFormation for a custom resource (create, update, delete), asynchronously.
 * Leaves:  an answer at the URL that each request names: the brokers, or why the deployment must stop. Nothing is changed.
 * Retries: Lambda, twice, when the answer could not be put there; an answer that was given is final.
 */
import middy from '@middy/core';
import { setUpCluster } from '#lib/deployment/set-up-cluster.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { settingUp, telemetry } from './wiring.ts';

export const handler = middy(earlyTimeout)
  .use(wideLine('cluster-setup', telemetry))
  .handler(async (event, context) => {
    const outcome = await setUpCluster(event, settingUp, () => context.getRemainingTimeInMillis());
    const line = lineOf(context);
    if (outcome.kind === 'unreadable') {
      line.note({ outcome: outcome.kind });
      line.warn();
      return;
    }
    line.note({ outcome: outcome.answer.kind, reasons: outcome.differences });
    if (outcome.answer.kind === 'failed' || outcome.differences.length > 0) line.warn();
    if (outcome.error !== undefined) line.failure(outcome.error);
  });
