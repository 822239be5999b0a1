import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { deliveryMessageSchema, type DeliveryMessage } from '../delivery/delivery.ts';
import { hasMoreValuesThan, maxJsonValues } from '../identity/has-more-values-than.ts';

const compress = promisify(gzip);
const expand = promisify(gunzip);
/** SQS carries no longer body, so no message of ours is longer. */
const longestMessageBytes = 1_048_576;

/**
 * A delivery message as an attribute. A message that was read from a queue has 260 KiB at most (`readDeliveryMessage`), and what cannot be compressed
 * grows by less than a thousandth: so it fits in an item, whose limit is 400 KB, beside all that is kept of its attempts.
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
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (hasMoreValuesThan(maxJsonValues, value)) return { kind: 'unreadable', bytes, cause: 'too many members and elements' };
    return { kind: 'readable', message: deliveryMessageSchema.parse(value) };
  } catch (cause) {
    return { kind: 'unreadable', bytes, cause };
  }
}
