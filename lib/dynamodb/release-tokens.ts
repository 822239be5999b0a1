import { paginateScan } from '@aws-sdk/client-dynamodb';
import { dueAttributesOf, laneOf, type LaneTable } from './lane-item.ts';
import { updateItem } from './lane-write.ts';

/**
 * Makes every lane due whose token is out. For local mode's start, as `releaseLeases`: whoever worked one was this relay's last process, and a
 * release that is still in the queue is dropped as stale. In AWS a token counts as lost in its time.
 * @throws RelayError DELIVERY_STORE_UNAVAILABLE
 */
export async function releaseTokens(lanes: LaneTable, now: Date): Promise<void> {
  const pages = paginateScan(
    { client: lanes.client },
    {
      TableName: lanes.table,
      FilterExpression: 'place = :lane AND attribute_exists(#token)',
      ExpressionAttributeNames: { '#token': 'token' },
      ExpressionAttributeValues: { ':lane': { S: '#lane' } },
    },
  );
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      const key = { id: item['id'] ?? { S: '' }, place: { S: '#lane' } };
      await updateItem(lanes, { key, when: { token: item['token'] ?? null }, set: dueAttributesOf(laneOf(item), now), remove: ['token'] });
    }
  }
}
