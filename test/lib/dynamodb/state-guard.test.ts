import { randomUUID } from 'node:crypto';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Passage } from '#lib/lanes/stale-guard.ts';
import { dynamodbClient } from '#lib/dynamodb/client.ts';
import { createTables } from '#lib/dynamodb/create-tables.ts';
import { releaseLeases } from '#lib/dynamodb/release-leases.ts';
import { dynamodbStaleGuard } from '#lib/dynamodb/state-guard.ts';
import { startDynalite } from '../../../local/emulators/dynalite.ts';
import { payrollId } from '../delivery/delivery-message.ts';

const dynalite = await startDynalite({});
const direct = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
await createTables(direct);
const client = dynamodbClient({ region: 'us-east-1', endpoint: dynalite.url });
const guard = dynamodbStaleGuard({ client, table: 'states' });

/** What happens to a request of the SDK's on its way: undefined lets it through. */
let fault: (operation: string) => 'never-sent' | 'answer-lost' | undefined = () => undefined;
const { requestHandler } = client.config;
const handle = requestHandler.handle.bind(requestHandler);
requestHandler.handle = async (request, options) => {
  const happening = fault(String(request.headers['x-amz-target']).split('.').at(-1) ?? '');
  const answer = happening === 'never-sent' ? undefined : await handle(request, options);
  if (answer !== undefined && happening === undefined) return answer;
  throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
};
/** The next write is carried out, but its answer never arrives; the SDK then makes it again. */
function loseOneAnswer(): void {
  let lost = false;
  fault = (operation) => {
    if (operation !== 'UpdateItem' || lost) return undefined;
    lost = true;
    return 'answer-lost';
  };
}

const noon = new Date('2026-11-21T12:00:00.000Z');
const later = new Date('2026-11-21T12:00:30.000Z');
let stateKey = '';
beforeEach(() => {
  stateKey = `users/00u${randomUUID()}/status`;
});
afterEach(() => {
  fault = () => undefined;
});
afterAll(async () => {
  client.destroy();
  direct.destroy();
  await dynalite.stop();
});
const passage = (ms: number, given: Partial<Passage> = {}): Passage => ({
  subscription: payrollId,
  source: 'https://acme.okta.com',
  stateKey,
  sequence: `179526592234${ms}-0000000000000000042`,
  lease: `lease of ${ms}`,
  now: noon,
  until: later,
  ...given,
});
const stored = async () => {
  const id = { S: JSON.stringify([payrollId, 'https://acme.okta.com', stateKey]) };
  return (await direct.send(new GetItemCommand({ TableName: 'states', Key: { id } }))).Item;
};

describe('the stale guard in DynamoDB', () => {
  it('keeps a delivered state in a handful of attributes, and for 90 days', async () => {
    await guard.enter(passage(1));
    await guard.leave(passage(1), 'delivered');
    expect(await stored()).toEqual({
      id: { S: expect.any(String) },
      delivered: { S: '1795265922341-0000000000000000042' },
      // 2027-02-19T12:00:00Z
      expiresAt: { N: '1803038400' },
    });
  });

  it('has an end of its memory for what was never ended, too', async () => {
    await guard.enter(passage(1));
    expect((await stored())?.['expiresAt']).toEqual({ N: '1803038400' });
  });

  it('still enters when the answer to its write was lost', async () => {
    loseOneAnswer();
    expect(await guard.enter(passage(1))).toEqual({ kind: 'open' });
    await guard.leave(passage(1), 'failed');
    expect(await guard.enter(passage(0))).toEqual({ kind: 'open' });
  });

  it.each(['delivered', 'failed'] as const)('still ends a passage as %s when the answer to its write was lost', async (end) => {
    await guard.enter(passage(2));
    loseOneAnswer();
    await guard.leave(passage(2), end);
    expect(await guard.enter(passage(1))).toEqual({ kind: end === 'delivered' ? 'superseded' : 'open' });
  });

  it('says so when DynamoDB cannot be reached', async () => {
    fault = () => 'never-sent';
    const error = { code: 'DELIVERY_STORE_UNAVAILABLE' };
    await expect(guard.look(passage(1), passage(1))).rejects.toMatchObject(error);
    await expect(guard.enter(passage(1))).rejects.toMatchObject(error);
    await expect(guard.leave(passage(1), 'delivered')).rejects.toMatchObject(error);
    await expect(guard.leave(passage(1), 'failed')).rejects.toMatchObject(error);
  });

  it('is not held up by passages of a process that is gone, and remembers that they were begun', async () => {
    await guard.enter(passage(2));
    await releaseLeases(direct, { table: 'states', now: noon });
    expect(await guard.enter(passage(1))).toEqual({ kind: 'superseded' });
    expect(await guard.enter(passage(3))).toEqual({ kind: 'open' });
  });
});
