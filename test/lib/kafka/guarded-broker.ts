import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';

/** The certificate is for localhost, and signed by itself: it has to be trusted first. */
export const certificate = readFileSync(new URL('../https/tls/certificate.pem', import.meta.url), 'utf8');
const key = readFileSync(new URL('../https/tls/key.pem', import.meta.url), 'utf8');

/** The entrance of a Kafka broker that wants TLS and SASL, and nothing of what is behind it. */
export interface GuardedBroker {
  readonly broker: string;
  /** The mechanism of each SaslHandshake. */
  readonly mechanisms: readonly string[];
  /** What each SaslAuthenticate said. */
  readonly credentials: readonly string[];
  close(): Promise<void>;
}

/** Kafka's API keys, each with the one version the entrance speaks. */
const versions = { ApiVersions: [18, 0], SaslHandshake: [17, 1], SaslAuthenticate: [36, 0], Metadata: [3, 1], Produce: [0, 3] } as const;
const saslAuthenticationFailed = 58;

export async function startGuardedBroker(verdict: 'admits' | 'refuses'): Promise<GuardedBroker> {
  const [mechanisms, credentials]: [string[], string[]] = [[], []];
  const open = new Set<TLSSocket>();
  const server = createServer({ cert: certificate, key }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // The client ends connections as it likes.
    socket.on('error', () => undefined);
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        const frame = pending.subarray(4, 4 + pending.readInt32BE(0));
        pending = pending.subarray(4 + frame.length);
        answer(socket, frame);
      }
    });
  });

  /** A request: API key, version, correlation id, the client's id as a string, body. */
  function answer(socket: TLSSocket, frame: Buffer): void {
    const [apiKey, body] = [frame.readInt16BE(0), frame.subarray(10 + frame.readInt16BE(8))];
    const reply = (bytes: Buffer): void => void socket.write(Buffer.concat([int32(4 + bytes.length), frame.subarray(4, 8), bytes]));
    if (apiKey === versions.ApiVersions[0]) {
      const listed = Object.values(versions).map(([api, version]) => Buffer.concat([int16(api), int16(version), int16(version)]));
      return reply(Buffer.concat([int16(0), int32(listed.length), ...listed]));
    }
    if (apiKey === versions.SaslHandshake[0]) {
      mechanisms.push(body.subarray(2).toString());
      return reply(Buffer.concat([int16(0), int32(1), text('OAUTHBEARER')]));
    }
    if (apiKey !== versions.SaslAuthenticate[0]) return void socket.destroy();
    credentials.push(body.subarray(4).toString());
    if (verdict === 'admits') return reply(Buffer.concat([int16(0), int16(-1), int32(0)]));
    reply(Buffer.concat([int16(saslAuthenticationFailed), text('Access denied'), int32(0)]));
    socket.end();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    broker: `localhost:${(server.address() as AddressInfo).port}`,
    mechanisms,
    credentials,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
