import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface KmsInput {
  readonly KeyId?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Record<string, string>;
}
type Answer = { readonly status: number; readonly body: object };

/**
 * As much of the KMS JSON protocol as the relay uses, with real encryption bound to key and context.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html and API_Decrypt.html
 */
export async function startKmsStandIn() {
  const keys = new Map([['1a2b3c4d-0000-4000-8000-000000000000', randomBytes(32)]]);
  const arnOf = (keyId: string) => `arn:aws:kms:us-east-1:000000000000:key/${keyId}`;
  const state = { calls: 0, fault: undefined as Answer | undefined };
  const find = (keyId: string | undefined) => [...keys].find(([id]) => id === keyId || arnOf(id) === keyId);

  function answer(target: string, input: KmsInput): Answer {
    state.calls += 1;
    if (state.fault !== undefined) return state.fault;
    const blob = Buffer.from(input.CiphertextBlob ?? '', 'base64');
    // A ciphertext brings the name of its key along; KMS goes by it when the caller names none.
    const found = find(input.KeyId ?? blob.subarray(0, 36).toString());
    if (found === undefined) return failure('NotFoundException');
    const [id, master] = found;
    const context = Buffer.from(JSON.stringify(Object.entries(input.EncryptionContext ?? {}).sort()));
    if (target === 'TrentService.GenerateDataKey') {
      const plaintext = randomBytes(32);
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(context);
      const made = Buffer.concat([Buffer.from(id), iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      return { status: 200, body: { KeyId: arnOf(id), Plaintext: plaintext.toString('base64'), CiphertextBlob: made.toString('base64') } };
    }
    if (!keys.has(blob.subarray(0, id.length).toString())) return failure('InvalidCiphertextException');
    if (blob.subarray(0, id.length).toString() !== id) return failure('IncorrectKeyException');
    try {
      const rest = blob.subarray(id.length);
      const decipher = createDecipheriv('aes-256-gcm', master, rest.subarray(0, 12)).setAAD(context).setAuthTag(rest.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(rest.subarray(12, -16)), decipher.final()]);
      return { status: 200, body: { KeyId: arnOf(id), Plaintext: plaintext.toString('base64') } };
    } catch {
      // KMS says the same whatever does not fit: key, context or ciphertext.
      return failure('InvalidCiphertextException');
    }
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, body } = answer(String(request.headers['x-amz-target']), JSON.parse(Buffer.concat(chunks).toString()) as KmsInput);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keyId: '1a2b3c4d-0000-4000-8000-000000000000',
    state,
    addKey: (id: string) => void keys.set(id, randomBytes(32)),
    arnOf,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function failure(name: string, status = 400): Answer {
  return { status, body: { __type: name, message: 'as KMS would say it' } };
}
