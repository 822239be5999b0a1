import { isDeeperThan } from '#lib/identity/is-deeper-than.ts';
import type { newLaneItem } from '#lib/dynamodb/lane-item.ts';

/** An item as the SDK answers with it: attributes by name, each a union of S, N, M, L and so on. */
export type StoredItem = ReturnType<typeof newLaneItem>;
type AttributeValue = StoredItem[string];

/** How bytes are written in an input: as text that begins so, the rest in base64. */
const bytesMark = 'base64:';
/** DynamoDB stores nothing deeper. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const deepest = 32;

/** The item that DynamoDB would answer with for this JSON: text is S, a number N, an object M, an array L. Undefined for what is no object, which no item is. */
export function storedItem(input: Uint8Array): StoredItem | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(input).toString('utf8'));
  } catch {
    // DynamoDB answers in JSON of its own making: no input of this kind ever comes.
    return undefined;
  }
  return isDeeperThan(deepest, json) ? undefined : attributeOf(json).M;
}

function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') {
    return value.startsWith(bytesMark) ? { B: Buffer.from(value.slice(bytesMark.length), 'base64') } : { S: value };
  }
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  if (typeof value !== 'object' || value === null) return { NULL: true };
  return { M: Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, attributeOf(inner)])) };
}

/** An item as an input. */
export function storedSeed(item: StoredItem): Uint8Array {
  return Buffer.from(JSON.stringify(plainOf({ M: item })));
}

function plainOf(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.B !== undefined) return `${bytesMark}${Buffer.from(value.B).toString('base64')}`;
  if (value.L !== undefined) return value.L.map(plainOf);
  if (value.M === undefined) return null;
  return Object.fromEntries(Object.entries(value.M).map(([name, inner]) => [name, plainOf(inner)]));
}
