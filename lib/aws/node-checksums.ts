import { createHash, createHmac, type Hash } from 'node:crypto';

type Bytes = string | ArrayBuffer | ArrayBufferView;
type Running = Pick<Hash, 'digest'> & { update(data: Uint8Array): unknown };

/**
 * Hashes as the SDK's signer and clients want them, done by Node. In bundles they stand for all of @smithy/core/checksum, which brings
 * each algorithm once more in JavaScript, for a Node without crypto (scripts/bundles/stand-ins.ts).
 */
class NodeChecksum {
  readonly #start: () => Running;
  #running: Running;

  constructor(start: () => Running) {
    this.#start = start;
    this.#running = start();
  }

  update(data: Bytes): void {
    this.#running.update(bytesOf(data));
  }

  /** Ends the hash; `reset` begins another. */
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#running.digest());
  }

  reset(): void {
    this.#running = this.#start();
  }
}

/** SHA-256, or HMAC-SHA-256 where there is a secret. */
export class Sha256 extends NodeChecksum {
  constructor(secret?: Bytes) {
    super(() => (secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))));
  }
}

/** For the checksum that SQS gives of a message's body: against damage on the way, not against anybody. */
export class Md5 extends NodeChecksum {
  constructor() {
    super(() => createHash('md5'));
  }
}

function bytesOf(data: Bytes): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
