import { randomUUID } from 'node:crypto';
import { Circuits, type CircuitParts } from '../pacing/circuits.ts';
import { FailureWindow } from '../pacing/failure-window.ts';
import { dynamodbClient } from '../dynamodb/client.ts';
import { dynamodbDeliveryStore } from '../dynamodb/delivery-store.ts';
import { dynamodbLaneStore } from '../dynamodb/lane-store.ts';
import { dynamodbSubscriptionStore } from '../dynamodb/subscription-store.ts';
import { sqsClient } from '../sqs/client.ts';
import { emfMetrics } from '../telemetry/metrics.ts';
import { writeLine } from '../telemetry/wide-line.ts';

/** Read by both; each reads what it needs beside these as well. */
export const deliverySettings = [
  'AWS_REGION',
  'SUBSCRIPTIONS_TABLE',
  'DELIVERIES_TABLE',
  'LANES_TABLE',
  'DELIVERIES_QUEUE_URL',
  'REPLAY_DELIVERIES_QUEUE_URL',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'AWS_ENDPOINT_URL_SQS',
  'METRICS_NAMESPACE',
  'LOG_LEVEL',
] as const;

type Texts = Readonly<Record<'AWS_REGION' | 'SUBSCRIPTIONS_TABLE' | 'DELIVERIES_TABLE' | 'LANES_TABLE', string>>;
type Optional = Readonly<Record<'AWS_ENDPOINT_URL_DYNAMODB' | 'AWS_ENDPOINT_URL_SQS' | 'METRICS_NAMESPACE', string | undefined>>;

/** What works deliveries from both sides of a parked lane, `deliver` and `sweep`, stands on. To be called once in a cold start. */
export function deliveryGround<Level>(config: Texts & Optional & { readonly LOG_LEVEL: Level }, now: () => Date) {
  const region = config.AWS_REGION;
  const dynamodb = dynamodbClient({ region, endpoint: config.AWS_ENDPOINT_URL_DYNAMODB });
  const subscriptions = dynamodbSubscriptionStore({ client: dynamodb, table: config.SUBSCRIPTIONS_TABLE });
  const metrics = emfMetrics({ namespace: config.METRICS_NAMESPACE, now, write: writeLine });
  return {
    ...{ dynamodb, subscriptions, metrics },
    sqs: sqsClient({ region, endpoint: config.AWS_ENDPOINT_URL_SQS }),
    deliveries: dynamodbDeliveryStore({ client: dynamodb, table: config.DELIVERIES_TABLE, now }),
    lanes: dynamodbLaneStore({ client: dynamodb, table: config.LANES_TABLE }),
    telemetry: { now, level: config.LOG_LEVEL, metrics },
    /** `forget`: told of every transition, for who keeps subscriptions at hand. */
    circuits: (forget: CircuitParts['forget']) =>
      new Circuits({ store: subscriptions, window: new FailureWindow(), metrics, forget, newEventId: () => randomUUID() }),
  };
}
