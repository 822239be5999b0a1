import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { deliveryMessageSchema, type DeliveryMessage } from '../delivery/delivery.ts';

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

export type UnpackedMessage =
  | { readonly kind: 'readable'; readonly message: DeliveryMessage }
  /** The text where it could be expanded, the attribute as it is stored where not. */
  | { readonly kind: 'unreadable'; readonly bytes: Uint8Array; readonly cause: unknown };

/** Total. */
export async function unpackedMessage(packed: AttributeValue | undefined): Promise<UnpackedMessage> {
  let bytes = packed?.B ?? Buffer.from(JSON.stringify(packed ?? null));
  try {
    bytes = await expand(bytes, { maxOutputLength: longestMessageBytes });
    return { kind: 'readable', message: deliveryMessageSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))) };
  } catch (cause) {
    return { kind: 'unreadable', bytes, cause };
  }
}
