import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { ChangeSpool } from '#lib/intake/spool.ts';
import { changeSpoolLimits, sqsChangeSpool } from '#lib/sqs/change-spool.ts';
import { sqsClient } from '#lib/sqs/client.ts';
import { queueReceiver } from '#lib/sqs/queue-receiver.ts';
import { queues } from '#lib/sqs/queues.ts';
import { startFauxqs } from '../../../local/emulators/fauxqs.ts';
import { startAwsFaultProxy, type AwsFaultProxy } from '../../support/aws-fault-proxy.ts';

const region = 'us-east-1';

export interface ChangeSpoolQueue {
  readonly spool: ChangeSpool;
  readonly proxy: AwsFaultProxy;
  /** Takes what is there off the queue; bodies in the order they are handed out. */
  drain(): Promise<string[]>;
  breakDown(how: 'unreachable' | 'silent'): void;
  stop(): Promise<void>;
}

/** The real adapter and the real SDK on an emulated `change-spool.fifo`, with a proxy in between that brings about faults. */
export async function startChangeSpoolQueue(options: { now?: () => Date } = {}): Promise<ChangeSpoolQueue> {
  const fauxqs = await startFauxqs({ region });
  const proxy = await startAwsFaultProxy(fauxqs.url);
  const silence = await startSilence();
  const { name, visibilityTimeoutSeconds } = queues.changeSpool;
  const queueUrl = fauxqs.ensureQueue(name, {
    FifoQueue: 'true',
    ContentBasedDeduplication: 'false',
    VisibilityTimeout: String(visibilityTimeoutSeconds),
  });
  const direct = sqsClient({ region, endpoint: fauxqs.url });
  const receiver = queueReceiver(direct, { queueUrl, queueArn: `arn:aws:sqs:${region}:000000000000:${name}`, region });
  const spoolAt = (endpoint: string) =>
    sqsChangeSpool({ client: sqsClient({ region, endpoint, ...changeSpoolLimits }), queueUrl, now: options.now ?? (() => new Date()) });
  let current = spoolAt(proxy.url);
  return {
    spool: { put: (records, limits) => current.put(records, limits) },
    proxy,
    async drain() {
      const bodies: string[] = [];
      for (;;) {
        const records = await receiver.receive({ maxMessages: 10, waitSeconds: 0, signal: new AbortController().signal });
        if (records.length === 0) return bodies;
        bodies.push(...records.map(({ body }) => body));
        await receiver.remove(records.map(({ receiptHandle }) => receiptHandle));
      }
    },
    breakDown(how) {
      if (how === 'silent') current = spoolAt(silence.url);
      else proxy.inject(() => ({ kind: 'hang-up', done: false }));
    },
    async stop() {
      silence.stop();
      await proxy.stop();
      await fauxqs.stop();
    },
  };
}

/** Takes connections on loopback and says nothing. */
export async function startSilence(): Promise<{
  readonly url: string;
  readonly port: number;
  readonly connections: () => number;
  stop(): void;
}> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    // The other side gives up sooner or later, as it should.
    socket.on('error', () => undefined);
    socket.resume();
    open.push(() => socket.destroy());
  });
  const open: (() => void)[] = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    stop() {
      server.close();
      for (const end of open) end();
    },
  };
}
