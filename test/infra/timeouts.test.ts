import { describe, expect, it } from 'vitest';
import { functionSettings } from '#lib/config/function-settings.ts';
import { reserveMs } from '#lib/lanes/deliver.ts';
import { maxAppendMs } from '#lib/intake/appender.ts';
import { workMs } from '#lib/intake/receive-hook.ts';
import { maxSpoolMs } from '#lib/intake/spooling-appender.ts';
import { changeSpoolLimits } from '#lib/sqs/change-spool.ts';
import { queues } from '#lib/sqs/queues.ts';
import { earlyTimeout } from '#lib/telemetry/middleware.ts';
import { variants } from '../../infra/variants.ts';
import { readable, resource, resourcesOf, synthesiseStage } from './synthesise.ts';

/** https://developer.okta.com/docs/concepts/event-hooks/ */
const oktaMs = 3_000;
/** What an HTTP API waits for a function, unless its integration says less. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const gatewayMs = 30_000;
/** AWS asks for six times the function's timeout. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const visibilityFactor = 6;

const tried = variants().filter(({ name }) => ['dev', 'prod', 'prod-existing-ready', 'prod-everything'].includes(name));

describe.each(tried)('in $name', ({ stage }) => {
  const template = synthesiseStage(stage);
  const timeoutMs = (functionId: string): number =>
    1_000 * Number(resource(template, 'AWS::Lambda::Function', functionId).Properties['Timeout']);

  it('each that waits for a hook answer waits longer than what it waits for', () => {
    const chain: [who: string, ms: number][] = [
      ['Okta', oktaMs],
      ['the gateway', Number(resource(template, 'AWS::ApiGatewayV2::Integration', 'FrontDoorHooksApi').Properties['TimeoutInMillis'])],
      // Lambda's own limit is the last resort, and never reached: the function gives up and answers before it.
      ['the function', timeoutMs('ReceiveHookFunction') - earlyTimeout.timeoutEarlyInMillis],
      ['its work', workMs],
      ['Kafka and, after it, the spool', maxAppendMs + maxSpoolMs],
      ['Kafka', maxAppendMs],
      ['the spool', maxSpoolMs],
      ['one call to the spool', changeSpoolLimits.requestTimeoutMs],
    ];
    expect(chain).toEqual(chain.toSorted(([, a], [, b]) => b - a));
    expect(new Set(chain.map(([, ms]) => ms)).size, 'nobody waits exactly as long as another').toBe(chain.length);
    expect(timeoutMs('ReceiveHookFunction')).toBeLessThanOrEqual(oktaMs);
    expect(changeSpoolLimits.requestTimeoutMs * changeSpoolLimits.maxAttempts).toBeLessThanOrEqual(maxSpoolMs);
  });

  it('the gateway waits for admin longer than admin may take', () => {
    expect(resource(template, 'AWS::ApiGatewayV2::Integration', 'FrontDoorAdminApi').Properties).not.toHaveProperty('TimeoutInMillis');
    expect(timeoutMs('AdminFunction')).toBeLessThan(gatewayMs);
  });

  it('deliver has time for an attempt that gets no answer, and for what comes after it', () => {
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'DeliverFunction').Properties['Environment'];
    const attemptMs = Number(Variables.ATTEMPT_TIMEOUT_MS);
    // An attempt begins only with this much left: twice, and still before the function gives up by itself.
    expect(2 * attemptMs + reserveMs).toBeLessThanOrEqual(timeoutMs('DeliverFunction') - earlyTimeout.timeoutEarlyInMillis);
    expect(reserveMs).toBeGreaterThan(earlyTimeout.timeoutEarlyInMillis);
  });

  it('a queue hides a message for at least six times what any function that reads it may take', () => {
    const mappings = Object.values(resourcesOf(template, 'AWS::Lambda::EventSourceMapping')).map(({ Properties }) => Properties);
    const pairs = mappings
      .filter(({ AmazonManagedKafkaEventSourceConfig }) => AmazonManagedKafkaEventSourceConfig === undefined)
      .map(({ EventSourceArn, FunctionName }) => [readable(EventSourceArn), readable(FunctionName)] as const);
    expect(pairs.map(([queue, reader]) => `${queue} ${reader}`).sort()).toEqual([
      'ChangeSpoolQueue RespoolFunction',
      'DeliveriesQueue DeliverFunction',
      'ReplayDeliveriesQueue DeliverFunction',
      'ReplaysQueue ReplayFunction',
    ]);
    for (const [queue, reader] of pairs) {
      const hiddenMs = 1_000 * Number(resource(template, 'AWS::SQS::Queue', queue).Properties['VisibilityTimeout']);
      expect(hiddenMs, `${queue} ${reader}`).toBeGreaterThanOrEqual(visibilityFactor * timeoutMs(reader));
    }
  });

  it('sweep ends before it is called again', () => {
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'SweepFunction').Properties['Environment'];
    expect(timeoutMs('SweepFunction')).toBeLessThanOrEqual(Number(Variables.SWEEP_INTERVAL_MS));
  });
});

it('a queue knows the timeout of the function that reads it', () => {
  const readers = { deliveries: 'deliver', changeSpool: 'respool', replays: 'replay', replayDeliveries: 'deliver' } as const;
  for (const [queue, reader] of Object.entries(readers) as [keyof typeof readers, keyof typeof functionSettings][])
    expect(queues[queue].functionTimeoutSeconds, queue).toBe(functionSettings[reader].timeoutSeconds);
});
