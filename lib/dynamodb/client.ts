import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientOptions, type ClientSettings } from '../aws/client-options.ts';

export function dynamodbClient(settings: ClientSettings): DynamoDBClient {
  return new DynamoDBClient(clientOptions(settings));
}
