import { once } from 'node:events';
import { Agent, createServer, request as sendTo, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tables, type IndexDefinition, type TableDefinition } from '#lib/dynamodb/tables.ts';

/** What AWS would charge for the calls of one kind. */
export interface Metered {
  /** Of SQS: requests that are charged, one for each 64 KB of bodies that were begun. */
  calls: number;
  /** Read request units: 4 KB each, half of one where the read is eventually consistent. */
  reads: number;
  /** Write request units of the table: 1 KB each. */
  writes: number;
  /** Write request units of its indexes. */
  indexWrites: number;
}

export interface MeteringProxy {
  readonly url: string;
  /** By operation and table (`UpdateItem deliveries`), or by operation alone (`SendMessageBatch`), since they were last taken. */
  take(): Map<string, Metered>;
  /** What it was asked for since it began: "dynamodb:Query on lanes/index/byDue", "sqs:SendMessageBatch on deliveries.fifo". */
  readonly asked: Set<string>;
  stop(): Promise<void>;
}

type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
type Body = Readonly<Record<string, unknown>>;

const writing = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const reading = new Set(['GetItem', 'Query', 'Scan']);

/**
 * Stands before an emulator of DynamoDB or SQS and counts what AWS would charge for. The emulator of DynamoDB says the units of the table;
 * those of indexes are counted here, from the item before and after a write: an entry that appears, goes or changes is a write.
 */
export async function startMeteringProxy(targetUrl: string): Promise<MeteringProxy> {
  const metered = new Map<string, Metered>();
  const asked = new Set<string>();
  // A kept connection may be closed by the emulator as it is used again: the client would wait for its next try on a clock that stands.
  const agent = new Agent({ keepAlive: false });
  const note = (kind: string, units: Partial<Metered>): void => {
    const so = metered.get(kind) ?? { calls: 0, reads: 0, writes: 0, indexWrites: 0 };
    metered.set(kind, {
      calls: so.calls + (units.calls ?? 1),
      reads: so.reads + (units.reads ?? 0),
      writes: so.writes + (units.writes ?? 0),
      indexWrites: so.indexWrites + (units.indexWrites ?? 0),
    });
  };
  const ask = async (request: IncomingMessage, operation: string, body: Body): Promise<{ status: number; answer: Body }> => {
    const headers = { ...pick(request, 'content-type', 'authorization', 'x-amz-date'), 'x-amz-target': targetOf(request, operation) };
    const onward = sendTo(targetUrl, { method: 'POST', agent, headers });
    onward.end(JSON.stringify(body));
    const [response] = (await once(onward, 'response')) as [IncomingMessage];
    const text = Buffer.concat(await response.toArray()).toString('utf8');
    return { status: response.statusCode ?? 502, answer: (text === '' ? {} : JSON.parse(text)) as Body };
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8')) as Body;
    const operation = operationOf(request);
    const { TableName: name } = body;
    asked.add(permissionFor(operation, body));
    const upstream = typeof name === 'string' ? await meterTable(request, { operation, name, body }) : await ask(request, operation, body);
    if (typeof name !== 'string') note(operation, { calls: chunksOf(body) });
    response.writeHead(upstream.status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(upstream.answer));
  }

  async function meterTable(request: IncomingMessage, { operation, name, body }: { operation: string; name: string; body: Body }) {
    if (!writing.has(operation) && !reading.has(operation)) throw new Error(`Nobody knows what ${operation} costs`);
    const table: TableDefinition | undefined = Object.entries(tables).find(([known]) => known === name)?.[1];
    if (table === undefined) throw new Error(`There is no table ${name}`);
    const key = Object.fromEntries(
      [table.partitionKey, table.sortKey].flatMap((part) => (part === undefined ? [] : [[part, keyIn(body)[part]]])),
    );
    const stored = async (): Promise<Item | undefined> =>
      table.indexes.length === 0 || !writing.has(operation)
        ? undefined
        : ((await ask(request, 'GetItem', { TableName: name, Key: key, ConsistentRead: true })).answer['Item'] as Item | undefined);
    const before = await stored();
    const { status, answer } = await ask(request, operation, { ...body, ReturnConsumedCapacity: 'TOTAL' });
    const after = await stored();
    const { ConsumedCapacity: capacity, ...rest } = answer;
    // A write that its condition refuses is charged as one that is done, and a query that finds nothing as one that finds little.
    const least = writing.has(operation) || body['ConsistentRead'] === true ? 1 : 0.5;
    const units = Math.max(least, (capacity as { CapacityUnits?: number } | undefined)?.CapacityUnits ?? 0);
    const indexWrites = table.indexes.reduce((sum, index) => sum + entryWrites(index, { table, before, after }), 0);
    note(`${operation} ${name}`, writing.has(operation) ? { writes: units, indexWrites } : { reads: units });
    return { status, answer: rest };
  }

  const server = createServer((request, response) => {
    // What the proxy cannot count shows itself to the client as a broken connection, and to the test as a call that is missing.
    answer(request, response).catch(() => request.socket.destroy());
  });
  // Longer than any pause of a test, so that no kept connection is closed under a call.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A server that listens on TCP has a port.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    take() {
      const taken = new Map(metered);
      metered.clear();
      return taken;
    },
    async stop() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** https://aws.amazon.com/sqs/pricing/ */
const chunkBytes = 65_536;
function chunksOf({ Entries: entries = [] }: Body): number {
  const bodies = (entries as readonly { MessageBody?: string }[]).map(({ MessageBody = '' }) => Buffer.byteLength(MessageBody));
  return Math.max(1, Math.ceil(bodies.reduce((sum, bytes) => sum + bytes, 0) / chunkBytes));
}

function permissionFor(operation: string, { TableName: table, IndexName: index, QueueUrl: queue }: Body): string {
  if (typeof table !== 'string') return `sqs:${operation} on ${String(queue).split('/').at(-1)}`;
  return `dynamodb:${operation} on ${table}${typeof index === 'string' ? `/index/${index}` : ''}`;
}

const operationOf = (request: IncomingMessage): string => String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
const targetOf = (request: IncomingMessage, operation: string): string =>
  String(request.headers['x-amz-target']).replace(/[^.]+$/, operation);
const pick = (request: IncomingMessage, ...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
const keyIn = (body: Body): Item => (body['Key'] ?? body['Item'] ?? {}) as Item;

/** An entry whose key changes is taken out and put in. Entries of the relay's indexes are below a kilobyte each. */
function entryWrites(
  index: IndexDefinition,
  { table, before, after }: { table: TableDefinition; before: Item | undefined; after: Item | undefined },
): number {
  const [had, has] = [entryOf(index, table, before), entryOf(index, table, after)];
  if (had === undefined || has === undefined) return had === has ? 0 : 1;
  if (had.key !== has.key) return 2;
  return had.rest === has.rest ? 0 : 1;
}

function entryOf(index: IndexDefinition, table: TableDefinition, item: Item | undefined): { key: string; rest: string } | undefined {
  if (item?.[index.partitionKey] === undefined || item[index.sortKey] === undefined) return undefined;
  const projected = index.projection === 'ALL' ? Object.keys(item).toSorted() : [table.partitionKey, ...(index.attributes ?? [])];
  return {
    key: JSON.stringify([item[index.partitionKey], item[index.sortKey]]),
    rest: JSON.stringify(projected.map((name) => item[name])),
  };
}
