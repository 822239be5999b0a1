import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeliveryStore } from '../delivery/delivery.ts';
import { claimDelivery } from './delivery-claim.ts';
import { listDeliveries } from './delivery-list.ts';
import { settleDelivery } from './delivery-settle.ts';

/** The delivery log and its claims in one DynamoDB table (lib/dynamodb/tables.ts): one item per delivery, one conditional write per step. */
export function dynamodbDeliveryStore(options: { client: DynamoDBClient; table: string; now: () => Date }): DeliveryStore {
  return {
    claim: (request) => claimDelivery(options, request),
    settle: (settlement) => settleDelivery(options, settlement),
    list: (query) => listDeliveries(options, query),
  };
}
