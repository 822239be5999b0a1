import type { Socket } from 'node:net';
import { ok, startRawSubscriber, type RawSubscriber } from '../lib/https/raw-subscriber.ts';

/** What the delivery log says of one kind of misbehaviour, from the tables of docs/subscribers.md. */
export interface Expected {
  /** Of each attempt: a status, or the kind of error, and `or` which other where the machine's network makes it one. */
  readonly each: { readonly status: number } | { readonly error: string; readonly or?: string };
  /** `retried`: two attempts, the second after 5 s, then parked for minutes. `waits`: parked after the first. */
  readonly then: 'delivered' | 'retried' | 'waits' | 'gone';
  /** With `waits`: for how long at least, in milliseconds. */
  readonly waitMs?: number;
}

export interface Misbehaviour extends Expected {
  readonly name: string;
  readonly tls?: true;
  /** Does with the connection what it likes, once a whole request has come. */
  answer(socket: Socket): void;
}

const status = (line: string, rest = ''): string => `HTTP/1.1 ${line}\r\ncontent-length: 0\r\n${rest}\r\n`;
const chunkBytes = 65_536;
/** Far more than anybody should read. */
const hugeBodyBytes = 1024 * 1024 * 1024;
let mostPouredBytes = 0;

/** The most that one connection took of what was poured into it; the buffers of the machine between the two ends are in it. */
export const mostPoured = (): number => mostPouredBytes;

/** Writes until the other end has had enough. */
function pour(socket: Socket, bytes: Buffer, leftBytes: number): void {
  for (let left = leftBytes; left > 0 && !socket.destroyed; left -= bytes.length) {
    mostPouredBytes = Math.max(mostPouredBytes, socket.bytesWritten);
    if (!socket.write(bytes)) {
      socket.once('drain', () => pour(socket, bytes, left - bytes.length));
      return;
    }
  }
}

function drip(socket: Socket, text: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer);
    socket.write(text[at % text.length] ?? '');
    at += 1;
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
}

/** @param elsewhere where redirects lead: an address that can be reached and must not be */
export function misbehaviours(elsewhere: string): readonly Misbehaviour[] {
  const date = (inMs: number): string => new Date(Date.now() + inMs).toUTCString();
  const headerBlock = Buffer.from(`x-padding: ${'p'.repeat(1_000)}\r\n`.repeat(64));
  const body = (statusLine: string) => (socket: Socket) => {
    socket.write(`HTTP/1.1 ${statusLine}\r\ncontent-length: ${hugeBodyBytes}\r\n\r\n`);
    pour(socket, Buffer.alloc(chunkBytes, 'x'), hugeBodyBytes);
  };
  const timesOut = { each: { error: 'timeout' }, then: 'retried' } as const;
  const isNoHttp = { each: { error: 'invalid-response' }, then: 'retried' } as const;
  const failsWith = (code: number) => ({ each: { status: code }, then: 'retried' }) as const;
  return [
    { name: 'answers 500', ...failsWith(500), answer: (socket) => socket.write(status('500 Internal Server Error')) },
    { name: 'says nothing', ...timesOut, answer: () => undefined },
    {
      name: 'drips its headers',
      ...timesOut,
      answer: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx-slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 100),
    },
    {
      name: 'hangs in the middle of the body of a 500',
      ...failsWith(500),
      answer: (socket) => socket.write('HTTP/1.1 500 Oh\r\ncontent-length: 1000\r\n\r\nhalf'),
    },
    {
      name: 'hangs in the middle of the body of a 200',
      each: { status: 200 },
      then: 'delivered',
      answer: (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf'),
    },
    {
      name: 'drips the body of a 200',
      each: { status: 200 },
      then: 'delivered',
      answer(socket) {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
        drip(socket, 'drop', 50);
      },
    },
    { name: 'pours a huge body into a 200', each: { status: 200 }, then: 'delivered', answer: body('200 OK') },
    { name: 'pours a huge body into a 503', ...failsWith(503), answer: body('503 Away') },
    { name: 'resets', each: { error: 'connection-reset' }, then: 'retried', answer: (socket) => socket.resetAndDestroy() },
    { name: 'hangs up', each: { error: 'connection-reset' }, then: 'retried', answer: (socket) => socket.end() },
    {
      name: 'resets in the middle of the headers',
      each: { error: 'connection-reset' },
      then: 'retried',
      answer: (socket) => socket.write('HTTP/1.1 200 OK\r\nx-half: ', () => socket.resetAndDestroy()),
    },
    { name: 'redirects', ...failsWith(302), answer: (socket) => socket.write(status('302 Found', `location: ${elsewhere}\r\n`)) },
    {
      name: 'redirects and asks for the same method',
      ...failsWith(307),
      answer: (socket) => socket.write(status('307 Temporary Redirect', `location: ${elsewhere}\r\n`)),
    },
    { name: 'speaks another protocol', ...isNoHttp, answer: (socket) => socket.write('220 mail.example.com ESMTP ready\r\n') },
    { name: 'sends bytes of no meaning', ...isNoHttp, answer: (socket) => socket.write(Buffer.alloc(2_000, 0xfe)) },
    {
      name: 'sends headers without end',
      ...isNoHttp,
      answer(socket) {
        socket.write('HTTP/1.1 200 OK\r\n');
        pour(socket, headerBlock, 1024 * 1024);
      },
    },
    {
      name: 'sends interim answers without end',
      ...isNoHttp,
      answer: (socket) => pour(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)), 1024 * 1024),
    },
    {
      name: 'asks for a wait in seconds',
      each: { status: 429 },
      then: 'waits',
      waitMs: 120_000,
      answer: (socket) => socket.write(status('429 Too Many Requests', 'retry-after: 120\r\n')),
    },
    {
      name: 'asks for a wait until a date',
      each: { status: 429 },
      then: 'waits',
      // A date has no fractions of a second.
      waitMs: 179_000,
      answer: (socket) => socket.write(status('429 Too Many Requests', `retry-after: ${date(180_000)}\r\n`)),
    },
    { name: 'refuses', each: { status: 422 }, then: 'waits', waitMs: 270_000, answer: (socket) => socket.write(status('422 No')) },
    { name: 'is gone', each: { status: 410 }, then: 'gone', answer: (socket) => socket.write(status('410 Gone')) },
    {
      name: 'has a certificate of its own making',
      tls: true,
      each: { error: 'tls' },
      then: 'retried',
      answer: (socket) => socket.write(ok),
    },
  ];
}

export interface OpenMisbehaviour extends Expected {
  readonly name: string;
  readonly url: string;
  readonly subscriber: RawSubscriber;
}

export async function open({ answer, tls, ...expected }: Misbehaviour): Promise<OpenMisbehaviour> {
  const subscriber = await startRawSubscriber(({ socket }) => answer(socket), tls === undefined ? {} : { tls: {} });
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${subscriber.port}/hooks`;
  return { ...expected, url, subscriber };
}
