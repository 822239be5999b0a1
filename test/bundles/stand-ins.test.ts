import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../infra/bundling.ts';
import { bundleFunction, bundleModule } from '../../scripts/bundles/bundle-function.ts';
import { fileStandIns, packageStandIns, standInFile, withoutStrangeErrors } from '../../scripts/bundles/stand-ins.ts';
import type { refusalOf as refuse } from './dynamodb-refusal.ts';

const folder = mkdtempSync(join(tmpdir(), 'stand-ins-'));
const inputs = new Set<string>();
beforeAll(async () => {
  // It talks to Kafka, by tokens for MSK, and to DynamoDB: all that anything stands in for.
  for (const input of (await bundleFunction('receive-hook', join(folder, 'receive-hook'))).inputs) inputs.add(input);
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What the client of a bundle throws when DynamoDB answers a write with this. */
async function refusalOf(answer: object): Promise<Awaited<ReturnType<typeof refuse>>> {
  const { file } = await bundleModule(join(import.meta.dirname, 'dynamodb-refusal.ts'), join(folder, 'dynamodb-refusal'));
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bundle = (await import(pathToFileURL(file).href)) as { refusalOf: typeof refuse };
  const refusal = await bundle.refusalOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.close();
  return refusal;
}

describe('what stands in', () => {
  it.each(Object.entries({ ...packageStandIns, ...fileStandIns }))('for %s is in a bundle', (_, standIn) => {
    expect(inputs).toContain(standIn);
  });

  it.each(Object.keys(packageStandIns))('for %s leaves nothing of it', (name) => {
    expect([...inputs].filter((input) => input.includes(`node_modules/${name}/`))).toEqual([]);
  });

  it.each(Object.entries(fileStandIns))('for %s has every name that it has', async (file, standIn) => {
    const names = Object.keys((await import(join(repositoryRoot, 'node_modules', file))) as object);
    expect(Object.keys((await import(standInFile(standIn))) as object)).toEqual(expect.arrayContaining(names));
  });
});

describe('the DynamoDB client of a bundle', () => {
  it('knows a condition that did not hold, with the item that was in the way', async () => {
    const type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException';
    expect(await refusalOf({ __type: type, Item: { bytes: { B: 'AQID' } } })).toEqual({
      name: 'ConditionalCheckFailedException',
      found: { bytes: { B: Uint8Array.of(1, 2, 3) } },
    });
  });

  it('still tells by name an error of calls that the relay does not make', async () => {
    const type = 'com.amazonaws.dynamodb.v20120810#BackupInUseException';
    expect(await refusalOf({ __type: type })).toEqual({ name: 'BackupInUseException', found: undefined });
  });

  it('is not made of an SDK that registers its errors in other words', () => {
    expect(() => withoutStrangeErrors('registry.add(BackupInUseException);')).toThrow('does not say');
  });
});
