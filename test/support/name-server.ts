import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';

export interface NameServer {
  /** For a resolver's `setServers`. */
  readonly address: string;
  /** What was asked, in order: `A name` or `AAAA name`. */
  readonly questions: string[];
  close(): Promise<void>;
}

const types: ReadonlyMap<number, 'A' | 'AAAA'> = new Map([
  [1, 'A'],
  [28, 'AAAA'],
]);
const headerBytes = 12;

/**
 * A DNS server (RFC 1035) on this machine that answers what the test says, with a time to live of zero. `answer` is asked once per question
 * and gives the addresses of the name, of both families; `alias` puts a CNAME before them.
 */
export async function startNameServer(
  answer: (name: string, type: 'A' | 'AAAA') => readonly string[],
  options: { readonly alias?: string } = {},
): Promise<NameServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, from) => {
    const { name, end } = nameAt(query, headerBytes);
    const type = types.get(query.readUInt16BE(end));
    if (type === undefined) return;
    questions.push(`${type} ${name}`);
    const addresses = answer(name, type).filter((address) => isIP(address) === (type === 'A' ? 4 : 6));
    const owner = options.alias ?? name;
    const records = [
      ...(options.alias === undefined || addresses.length === 0 ? [] : [record(name, 5, encodeName(options.alias))]),
      ...addresses.map((address) => record(owner, type === 'A' ? 1 : 28, bytesOf(address))),
    ];
    const header = Buffer.from(query.subarray(0, headerBytes));
    // An answer, from a server that recurses; one question, the records, nothing else.
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    header.fill(0, 8);
    socket.send(Buffer.concat([header, query.subarray(headerBytes, end + 4), ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function nameAt(query: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

function encodeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])), Buffer.of(0)]);
}

function record(owner: string, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  // The internet; a time to live of zero stays as it is.
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(owner), fixed, data]);
}

function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes an embedded IPv4 address in hexadecimal.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
