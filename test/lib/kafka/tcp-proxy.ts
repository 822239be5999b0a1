import { connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of what passes through. Requests reach the broker in `pass` and `stall` alone. */
export type ProxyMode =
  | 'pass'
  /** Connections are taken, and nothing is ever said on them. */
  | 'hang'
  /** Nobody listens. */
  | 'refuse'
  /** Connections are taken and reset. */
  | 'reset'
  /** Answers break off after their first bytes; the broker has done what was asked. */
  | 'stall';

export interface TcpProxy {
  readonly broker: string;
  set(mode: ProxyMode): Promise<void>;
  /** Ends all connections as a broker does that has heard nothing for minutes. */
  dropConnections(): void;
  /** Says nothing more on the connections there are, as a network does that has forgotten them. New ones are well. */
  silenceConnections(): void;
  /** Answers requests of this kind (Kafka's API key) itself, with the bytes that `answer` gives after the correlation id. */
  intercept(apiKey: number, answer: (() => Buffer) | undefined): void;
  /** How many requests of this kind have gone by. */
  requests(apiKey: number): number;
  connections(): number;
  close(): Promise<void>;
}

/** A proxy before one broker on loopback, which then is that broker for its clients: its address in answers is replaced. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const targetPort = Number(target.split(':')[1]);
  const state = {
    mode: 'pass' as ProxyMode,
    pairs: new Set<Pair>(),
    seen: new Map<number, number>(),
    answers: new Map<number, () => Buffer>(),
    accepted: 0,
  };
  const server = createServer((client) => accept(client));
  await listen(server, 0);
  const port = (server.address() as { port: number }).port;

  function accept(client: Socket): void {
    state.accepted += 1;
    client.on('error', () => undefined);
    if (state.mode === 'reset') return void client.resetAndDestroy();
    const pair: Pair = { client, broker: connect(targetPort, '127.0.0.1'), silent: false };
    pair.broker.on('error', () => undefined);
    state.pairs.add(pair);
    let pending: Buffer = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      if (pair.silent || state.mode === 'hang') return;
      pending = Buffer.concat([pending, chunk]);
      pending = forwardRequests(pending, pair);
    });
    pair.broker.on('data', (chunk: Buffer) => {
      if (pair.silent || state.mode === 'hang') return;
      client.write(state.mode === 'stall' ? chunk.subarray(0, 6) : withPort(chunk, targetPort, port));
    });
    client.on('close', () => end(pair));
    pair.broker.on('close', () => end(pair));
  }

  function forwardRequests(bytes: Buffer, pair: Pair): Buffer {
    let rest = bytes;
    while (rest.length >= 12 && rest.length >= 4 + rest.readInt32BE(0)) {
      const frame = rest.subarray(0, 4 + rest.readInt32BE(0));
      rest = rest.subarray(frame.length);
      const apiKey = frame.readInt16BE(4);
      state.seen.set(apiKey, (state.seen.get(apiKey) ?? 0) + 1);
      const answer = state.answers.get(apiKey);
      if (answer === undefined) pair.broker.write(frame);
      else pair.client.write(framed(frame.subarray(8, 12), answer()));
    }
    return Buffer.from(rest);
  }

  function end(pair: Pair): void {
    state.pairs.delete(pair);
    pair.client.destroy();
    pair.broker.destroy();
  }

  const stopListening = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return {
    broker: `127.0.0.1:${port}`,
    async set(mode) {
      const was = state.mode;
      state.mode = mode;
      if (mode === 'reset' || mode === 'refuse') for (const pair of [...state.pairs]) pair.client.resetAndDestroy();
      if (mode === 'refuse' && was !== 'refuse') await stopListening();
      if (mode !== 'refuse' && was === 'refuse') await listen(server, port);
    },
    dropConnections() {
      for (const pair of [...state.pairs]) pair.client.end();
    },
    silenceConnections() {
      for (const pair of state.pairs) pair.silent = true;
    },
    intercept(apiKey, answer) {
      if (answer === undefined) state.answers.delete(apiKey);
      else state.answers.set(apiKey, answer);
    },
    requests: (apiKey) => state.seen.get(apiKey) ?? 0,
    connections: () => state.accepted,
    async close() {
      for (const pair of [...state.pairs]) end(pair);
      if (state.mode !== 'refuse') await stopListening();
    },
  };
}

interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
  silent: boolean;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

/** An answer's frame: length, correlation id, body. */
function framed(correlationId: Buffer, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([length, correlationId, body]);
}

/** Kafka writes an address as a 16-bit length, the host, and the port in 32 bits. */
function withPort(chunk: Buffer, from: number, to: number): Buffer {
  const address = (port: number): Buffer => {
    const bytes = Buffer.concat([Buffer.from([0, 9]), Buffer.from('127.0.0.1'), Buffer.alloc(4)]);
    bytes.writeInt32BE(port, 11);
    return bytes;
  };
  const copy = Buffer.from(chunk);
  for (let at = copy.indexOf(address(from)); at !== -1; at = copy.indexOf(address(from), at + 1)) address(to).copy(copy, at);
  return copy;
}
