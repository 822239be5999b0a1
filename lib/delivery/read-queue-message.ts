import { isDeeperThan, maxJsonDepth } from '../identity/is-deeper-than.ts';
import { readDeliveryMessage, type ReadDelivery } from './read-delivery-message.ts';
import { releaseMessageSchema, type ReleaseMessage } from './release-message.ts';

export type ReadQueueMessage = ReadDelivery | { readonly kind: 'release'; readonly release: ReleaseMessage['release'] };

/** Reads the body of a queue message: a delivery, or the release of a parked lane. Total, as readDeliveryMessage is. */
export function readQueueMessage(body: string, receivedAt: Date): ReadQueueMessage {
  // Looked for in the text first: of thousands of deliveries one is a release, and none is parsed twice.
  if (body.includes('"release"')) {
    const release = releaseMessageSchema.safeParse(parsed(body));
    if (release.success) return { kind: 'release', release: release.data.release };
  }
  return readDeliveryMessage(body, receivedAt);
}

function parsed(body: string): unknown {
  try {
    const value = JSON.parse(body) as unknown;
    // As a delivery it will be told what is wrong with it.
    return isDeeperThan(maxJsonDepth, value) ? undefined : value;
  } catch {
    // What is no JSON is no release; as a delivery it will be told what is wrong with it.
    return undefined;
  }
}
