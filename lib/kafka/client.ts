import './quiet-request-queue.ts';
import { Kafka, logLevel, type KafkaConfig, type LogEntry } from 'kafkajs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { KafkaConnection, KafkaLogSink } from './connection.ts';
import { iamTokenProvider } from './iam-token.ts';

export interface KafkaLimits {
  /** For TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Retries inside kafkajs, all the same wait apart. */
  readonly retries: number;
  readonly retryWaitMs: number;
}

export interface KafkaClient {
  readonly kafka: Kafka;
  /**
   * Ends every connection at once and allows no new one, so that nothing this client was still about to do happens later.
   * kafkajs by itself waits for answers before it lets go of a socket.
   */
  readonly cut: () => void;
}

/** Long enough to keep a connection through a NAT gateway, which forgets one after 350 s of silence. */
const keepAliveMs = 60_000;

export function kafkaClient(connection: KafkaConnection, limits: KafkaLimits): KafkaClient {
  const sockets = openSockets();
  const kafka = new Kafka({
    clientId: connection.clientId,
    brokers: [...connection.brokers],
    connectionTimeout: limits.connectTimeoutMs,
    authenticationTimeout: limits.connectTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    retry: {
      retries: limits.retries,
      initialRetryTime: limits.retryWaitMs,
      maxRetryTime: limits.retryWaitMs,
      factor: 0,
      multiplier: 1,
      // Who restarts a consumer, and when, is decided by whoever owns it.
      restartOnFailure: () => Promise.resolve(false),
    },
    socketFactory: sockets.create,
    ...logging(connection.logSink, sockets.isCut),
    ...security(connection),
  });
  return { kafka, cut: sockets.cut };
}

function security({ auth, region }: KafkaConnection): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  if (auth === 'none') return {};
  return { ssl: true, sasl: { mechanism: 'oauthbearer', oauthBearerProvider: iamTokenProvider(region) } };
}

/** What is said after the end is about the end alone, and that was ours. */
function logging(sink: KafkaLogSink | undefined, isOver: () => boolean): Pick<KafkaConfig, 'logLevel' | 'logCreator'> {
  if (sink === undefined) return { logLevel: logLevel.NOTHING };
  return {
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      if (!isOver()) sink({ level: severity(entry), message: sentence(entry) });
    },
  };
}

/**
 * That a broker answered one request with an error is no failure yet: kafkajs asks again (the first member of a group that the broker
 * never saw is told so each time) or gives up and says that too.
 */
function severity({ level, log }: LogEntry): 'warn' | 'error' {
  return level === logLevel.ERROR && !log.message.startsWith('Response ') ? 'error' : 'warn';
}

function sentence({ namespace, log }: LogEntry): string {
  const reason: unknown = log['error'];
  return `[${namespace}] ${log.message}${typeof reason === 'string' && reason !== '' ? `: ${reason}` : ''}`;
}

function openSockets(): { create: NonNullable<KafkaConfig['socketFactory']>; cut: () => void; isCut: () => boolean } {
  const open = new Set<Socket>();
  let isCut = false;
  return {
    isCut: () => isCut,
    create({ host, port, ssl, onConnect }) {
      // kafkajs turns this into a connection error, and its retries come to an end.
      if (isCut) throw new Error('this client was given up');
      // kafkajs passes null, against its own types, where there is no TLS.
      const secure = ssl as typeof ssl | null;
      const socket =
        secure === null
          ? connectPlain({ host, port }, onConnect)
          : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...secure }, onConnect);
      socket.setKeepAlive(true, keepAliveMs);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      return socket;
    },
    cut() {
      isCut = true;
      for (const socket of open) socket.destroy(new Error('this client was given up'));
    },
  };
}
