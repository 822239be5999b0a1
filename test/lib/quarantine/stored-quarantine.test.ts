import { describe, expect, it } from 'vitest';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { dynamodbQuarantineIndex } from '#lib/dynamodb/quarantine-index.ts';
import { RelayError } from '#lib/errors.ts';
import type { QuarantineEntry } from '#lib/quarantine/quarantine.ts';
import { storedQuarantine } from '#lib/quarantine/stored-quarantine.ts';
import { s3Client } from '#lib/s3/client.ts';
import { s3QuarantineBodies } from '#lib/s3/quarantine-bodies.ts';

const entry: QuarantineEntry = {
  id: 'q-1',
  org: 'acme',
  reason: 'not-json',
  detail: 'no JSON',
  receivedAt: new Date(0),
  body: Buffer.from('x'),
};
const down = () => Promise.reject(new RelayError('QUARANTINE_UNAVAILABLE', 'down'));
const unavailable = { name: 'RelayError', code: 'QUARANTINE_UNAVAILABLE' };

describe('storedQuarantine', () => {
  it('puts the body first and lists it once it is there', async () => {
    const steps: string[] = [];
    const put = async () => void steps.push('body');
    const add = async () => void steps.push('entry');
    await storedQuarantine({ bodies: { put }, index: { add } }).keep(entry);
    expect(steps).toEqual(['body', 'entry']);
  });

  it('lists nothing whose body could not be kept', async () => {
    const listed: string[] = [];
    const add = async ({ id }: QuarantineEntry) => void listed.push(id);
    await expect(storedQuarantine({ bodies: { put: down }, index: { add } }).keep(entry)).rejects.toMatchObject(unavailable);
    expect(listed).toEqual([]);
  });

  it('has not kept what could not be listed', async () => {
    await expect(storedQuarantine({ bodies: { put: () => Promise.resolve() }, index: { add: down } }).keep(entry)).rejects.toMatchObject(
      unavailable,
    );
  });
});

describe('a quarantine whose services are gone', () => {
  const nowhere = { region: 'us-east-1', endpoint: 'http://127.0.0.1:1' };

  it('is unavailable in S3', async () => {
    await expect(s3QuarantineBodies({ client: s3Client(nowhere), bucket: 'quarantine' }).put(entry)).rejects.toMatchObject(unavailable);
  });

  it('is unavailable in DynamoDB', async () => {
    const index = dynamodbQuarantineIndex({ client: dynamodbClient(nowhere), table: 'quarantine', now: () => new Date(0) });
    await expect(index.add(entry)).rejects.toMatchObject(unavailable);
    await expect(index.list({ limit: 1 })).rejects.toMatchObject(unavailable);
  });
});
