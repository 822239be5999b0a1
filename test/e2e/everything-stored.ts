import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { tables } from '#lib/dynamodb/tables.ts';
import { changeTopic } from '#lib/intake/change-log.ts';
import { topics } from '#lib/kafka/topics.ts';
import { localRegion, type AwsEmulators } from '../../local/aws-emulators.ts';
import { openEmbeddedLog } from '../../local/embedded-log/embedded-log.ts';

/** One thing that the relay stored, whole, with what was packed in it unpacked. */
export interface Stored {
  /** As docs/data.md names it, without its backticks: `table orgs`, `queue deliveries.fifo`; `file` and its path. */
  readonly place: string;
  readonly content: Buffer;
}

export interface StoredItem extends Stored {
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** Every item of every table. */
export async function storedItems(aws: Pick<AwsEmulators, 'dynamodbUrl'>): Promise<StoredItem[]> {
  const client = dynamodbClient({ region: localRegion, endpoint: aws.dynamodbUrl });
  const found: StoredItem[] = [];
  for (const table of Object.keys(tables)) {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: from }));
      found.push(...Items.map((attributes) => ({ place: `table ${table}`, attributes, content: contentOf({ M: attributes }) })));
      from = LastEvaluatedKey;
    } while (from !== undefined);
  }
  client.destroy();
  return found;
}

/** A value as bytes, every one of them: names, texts as they are, and what is compressed both ways. */
export function contentOf(value: AttributeValue): Buffer {
  const { B: bytes, BS: sets, L: list, M: map, S: text, SS: texts } = value;
  if (bytes !== undefined) return Buffer.from(bytes[0] === 0x1f && bytes[1] === 0x8b ? joined([bytes, gunzipSync(bytes)]) : bytes);
  if (text !== undefined) return Buffer.from(text);
  if (list !== undefined) return joined(list.map(contentOf));
  if (map !== undefined) return joined(Object.entries(map).flatMap(([name, inner]) => [Buffer.from(name), contentOf(inner)]));
  return sets === undefined ? Buffer.from(texts?.join('\n') ?? JSON.stringify(value)) : joined(sets);
}

const joined = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));

/** Every message of every queue, in flight or not, with its group and its ids; and every object, with its key. */
export function storedMessagesAndObjects(dataDir: string): Stored[] {
  const database = new DatabaseSync(join(dataDir, 'sqs-s3', 'fauxqs.db'), { readOnly: true });
  try {
    const rowsOf = (table: string, place: (row: Row) => string): Stored[] =>
      (database.prepare(`SELECT * FROM ${table}`).all() as Row[]).map((row) => ({ place: place(row), content: rowContent(row) }));
    return [
      ...rowsOf('sqs_messages', (row) => `queue ${String(row['queue_name'])}`),
      ...rowsOf('s3_objects', (row) => `bucket ${String(row['bucket'])}`),
    ];
  } finally {
    database.close();
  }
}

type Row = Readonly<Record<string, string | number | bigint | Uint8Array | null>>;
const rowContent = (row: Row): Buffer =>
  joined(Object.values(row).map((cell) => (cell instanceof Uint8Array ? cell : Buffer.from(String(cell)))));

/** Every record of the embedded log, with its key and its headers. */
export async function storedRecords(dataDir: string): Promise<(Stored & { readonly value: Buffer })[]> {
  const found: (Stored & { readonly value: Buffer })[] = [];
  const log = await openEmbeddedLog({ dir: join(dataDir, 'log'), topic: changeTopic, partitions: topics[changeTopic].partitions });
  for (const range of await log.range.locate({ from: new Date(0), to: new Date(8_640_000_000_000_000) }))
    await log.range.read(range, {
      maxRecords: 1_000,
      handle: async (records) => {
        for (const { key, value, headers } of records) {
          const parts = [key ?? Buffer.alloc(0), value ?? Buffer.alloc(0), ...headers.flatMap((one) => [Buffer.from(one.name), one.value])];
          found.push({ place: `topic ${changeTopic}`, content: joined(parts), value: Buffer.from(value ?? []) });
        }
        return 'more';
      },
    });
  await log.close();
  return found;
}

/** Every file below the folder, whole: also what a store has deleted and not yet overwritten. */
export function storedFiles(folder: string): Stored[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ place: `file ${path}`, content: readFileSync(path) }));
}

/** The places where any of the needles is, each once. */
export function placesWith(needles: readonly Buffer[], stored: readonly Stored[]): string[] {
  return [...new Set(stored.filter(({ content }) => needles.some((needle) => content.includes(needle))).map(({ place }) => place))];
}
