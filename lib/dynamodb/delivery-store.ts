import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeliveryStore } from '../delivery/delivery.ts';
import { claimDelivery } from './delivery-claim.ts';
import { listDeliveries } from './delivery-list.ts';
import { parkDelivery } from './delivery-park.ts';
import { findDelivery, findLetter } from './delivery-read.ts';
import { settleDelivery } from './delivery-settle.ts';

/** The delivery log and its claims in one DynamoDB table (lib/dynamodb/tables.ts): one item per delivery, one conditional write per step. */
export function dynamodbDeliveryStore(options: { client: DynamoDBClient; table: string; now: () => Date }): DeliveryStore {
  return {
    claim: (request) => claimDelivery(options, request),
    park: (request) => parkDelivery(options, request),
    settle: (settlement) => settleDelivery(options, settlement),
    find: (id) => findDelivery(options, id),
    letter: (id) => findLetter(options, id),
    list: (query) => listDeliveries(options, query),
  };
}
