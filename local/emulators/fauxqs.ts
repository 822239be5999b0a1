import { buildApp, type BuildAppOptions } from 'fauxqs';
import { prepareFauxqsDatabase } from './fauxqs-database.ts';

type Stores = NonNullable<BuildAppOptions['stores']>;

/** What we use of fauxqs's inner parts; its own starter binds to every interface of the machine, and we bind to loopback only. */
interface PersistenceManager {
  load(sqs: Stores['sqsStore'], sns: Stores['snsStore'], s3: Stores['s3Store']): void;
  close(): void;
}
interface Parts {
  SqsStore: new () => Stores['sqsStore'];
  SnsStore: new () => Stores['snsStore'];
  S3Store: new () => Stores['s3Store'];
  PersistenceManager: new (dataDir: string) => PersistenceManager;
}

const accountId = '000000000000';

export interface Fauxqs {
  readonly url: string;
  /** Creates the queue, or gives an existing one these attributes; answers its URL. */
  ensureQueue(name: string, attributes: Record<string, string>): string;
  ensureBucket(name: string): void;
  /** How many messages are ready, waiting or in flight. */
  depth(queueName: string): { ready: number; inFlight: number };
  stop(): Promise<void>;
}

/** SQS and S3 on 127.0.0.1. With `dataDir`, what they hold survives `kill -9`. */
export async function startFauxqs(options: { region: string; port?: number; dataDir?: string | undefined }): Promise<Fauxqs> {
  const parts = await loadParts();
  const stores = { sqsStore: new parts.SqsStore(), snsStore: new parts.SnsStore(), s3Store: new parts.S3Store() };
  const persistence = options.dataDir === undefined ? undefined : persist(parts, stores, options.dataDir);
  const app = buildApp({ logger: false, defaultRegion: options.region, stores });
  if (persistence) app.addHook('preClose', () => persistence.close());
  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });

  return {
    url,
    ensureQueue(name, attributes) {
      const queueUrl = `${url}/${accountId}/${name}`;
      const arn = `arn:aws:sqs:${options.region}:${accountId}:${name}`;
      const existing = stores.sqsStore.getQueueByArn(arn);
      if (existing) existing.setAttributes(attributes);
      else stores.sqsStore.createQueue(name, queueUrl, arn, attributes);
      return queueUrl;
    },
    ensureBucket(name) {
      if (!stores.s3Store.hasBucket(name)) stores.s3Store.createBucket(name);
    },
    depth(queueName) {
      const messages = stores.sqsStore.inspectQueue(queueName)?.messages;
      return { ready: (messages?.ready.length ?? 0) + (messages?.delayed.length ?? 0), inFlight: messages?.inflight.length ?? 0 };
    },
    async stop() {
      stores.sqsStore.shutdown();
      await app.close();
    },
  };
}

/** Loading comes before the stores learn of their persistence: writing back while loading would delete what is loaded. */
function persist(parts: Parts, stores: Stores, dataDir: string): PersistenceManager {
  prepareFauxqsDatabase(dataDir);
  const persistence = new parts.PersistenceManager(dataDir);
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  // The package's declarations hide these fields' real type behind an inner module; the object is the one its own starter assigns.
  const writable = stores as unknown as Record<keyof Stores, { persistence: PersistenceManager }>;
  for (const store of Object.values(writable)) store.persistence = persistence;
  for (const queue of stores.sqsStore.allQueues()) (queue as unknown as { persistence: PersistenceManager }).persistence = persistence;
  return persistence;
}

/** The inner modules are not among the package's exports, so they are loaded by file; the exact pin of its version makes that safe. */
async function loadParts(): Promise<Parts> {
  const entry = import.meta.resolve('fauxqs');
  const files = ['./sqs/sqsStore.js', './sns/snsStore.js', './s3/s3Store.js', './persistence.js'];
  const modules = await Promise.all(files.map(async (file) => (await import(new URL(file, entry).href)) as Partial<Parts>));
  return Object.assign({}, ...modules) as Parts;
}
