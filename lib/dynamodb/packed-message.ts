import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { deliveryMessageSchema, type DeliveryMessage } from '../delivery/delivery.ts';
import { RelayError } from '../errors.ts';

const compress = promisify(gzip);
const expand = promisify(gunzip);
/** SQS carries no longer body, so no message of ours is longer. */
const longestMessageBytes = 1_048_576;

/**
 * A delivery message as an attribute. A change has 256 KiB at most (`maxChangeBytes`), and what cannot be compressed grows by less than a thousandth:
 * so it fits in an item, whose limit is 400 KB. Would one not fit, DynamoDB refuses the write, and the message stays where it came from.
 */
export async function packedMessage(message: DeliveryMessage): Promise<AttributeValue> {
  return { B: await compress(JSON.stringify(message)) };
}

/** @throws RelayError DELIVERY_STORE_UNAVAILABLE when the attribute is none of ours: what cannot be read is not passed over. */
export async function unpackedMessage(packed: AttributeValue | undefined): Promise<DeliveryMessage> {
  try {
    const text = await expand(packed?.B ?? new Uint8Array(), { maxOutputLength: longestMessageBytes });
    return deliveryMessageSchema.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw new RelayError('DELIVERY_STORE_UNAVAILABLE', 'A stored delivery message cannot be read', { cause });
  }
}
