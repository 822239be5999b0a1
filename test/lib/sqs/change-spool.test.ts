import { afterEach, describe, expect, it } from 'vitest';
import { readSpoolMessage } from '#lib/intake/spool-message.ts';
import type { BatchEntry } from '../../support/aws-fault-proxy.ts';
import { byKey, idsOf, recordOf } from '../intake/spool-records.ts';
import { startChangeSpoolQueue, type ChangeSpoolQueue } from './change-spool-queue.ts';

let sqs: ChangeSpoolQueue;
const start = async (options?: Parameters<typeof startChangeSpoolQueue>[0]) => (sqs = await startChangeSpoolQueue(options));
afterEach(() => sqs.stop());

const recordsIn = (body: string) => {
  const read = readSpoolMessage(body);
  return read.kind === 'readable' ? read.records : [];
};
const idsIn = ({ MessageBody }: BatchEntry) => idsOf(recordsIn(MessageBody));
const batches = () =>
  sqs.proxy.calls.filter(({ operation }) => operation === 'SendMessageBatch').map(({ input }) => input['Entries'] as BatchEntry[]);
const put = (records: Parameters<ChangeSpoolQueue['spool']['put']>[0], budgetMs = 10_000) => sqs.spool.put(records, { budgetMs });
const large = (user: string, id: string) => recordOf(user, id, { note: 'x'.repeat(250_000) });

describe('sqsChangeSpool', () => {
  it('puts forty changes of one user in one call', async () => {
    await start();
    await put(Array.from({ length: 40 }, (_, n) => recordOf('ana', `ana-${n}`)));
    expect(batches()).toHaveLength(1);
    expect(byKey((await sqs.drain()).flatMap(recordsIn))['acme:ana']).toHaveLength(40);
  });

  it('never puts two messages of a key into one call, nor more than ten, nor more than 1 MiB', async () => {
    await start();
    const records = [
      ...Array.from({ length: 9 }, (_, n) => large('ana', `ana-${n}`)),
      ...Array.from({ length: 25 }, (_, n) => recordOf(`user${n}`, `user${n}-0`)),
    ];
    await put(records);
    expect(batches().length).toBeGreaterThan(3);
    for (const entries of batches()) {
      expect(entries.length).toBeLessThanOrEqual(10);
      expect(new Set(entries.map(({ MessageGroupId }) => MessageGroupId)).size).toBe(entries.length);
      expect(entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0)).toBeLessThanOrEqual(1_048_576);
    }
    expect(byKey((await sqs.drain()).flatMap(recordsIn))).toEqual(byKey(records));
  });

  it('tries an entry that failed again, at once', async () => {
    await start();
    let failures = 2;
    sqs.proxy.inject(() => ({
      kind: 'entries',
      fails: (entry) => (idsIn(entry).includes('ana-0') && failures-- > 0 ? { Code: 'InternalError', SenderFault: false } : undefined),
    }));
    await put([recordOf('ana', 'ana-0'), recordOf('ben', 'ben-0')]);
    expect(batches().map((entries) => entries.map(idsIn))).toEqual([[['ana-0'], ['ben-0']], [['ana-0']], [['ana-0']]]);
  });

  it('throws when one entry is not taken, and sends nothing behind it', async () => {
    await start();
    sqs.proxy.inject(() => ({
      kind: 'entries',
      fails: (entry) => (idsIn(entry).includes('ana-0') ? { Code: 'InternalError', SenderFault: false } : undefined),
    }));
    const records = [...Array.from({ length: 4 }, (_, n) => large('ana', `ana-${n}`)), recordOf('ben', 'ben-0')];
    await expect(put(records)).rejects.toMatchObject({ code: 'CHANGE_SPOOL_UNAVAILABLE', facts: { reason: 'not-taken' } });
    expect((await sqs.drain()).flatMap((body) => idsOf(recordsIn(body)))).toEqual(['ben-0']);
  });

  it('throws when SQS refuses an entry for its content: no change is that large', async () => {
    await start();
    sqs.proxy.inject(() => ({ kind: 'entries', fails: () => ({ Code: 'InvalidMessageContents', SenderFault: true }) }));
    await expect(put([recordOf('ana', 'ana-0')])).rejects.toMatchObject({ facts: { reason: 'refused' } });
  });

  it('throws with the name of the cause when a call fails as a whole, never with its message', async () => {
    await start();
    sqs.proxy.inject(() => ({ kind: 'error', name: 'AccessDeniedException', status: 403, message: 'about Ana Ito' }));
    const error: unknown = await put([recordOf('ana', 'ana-0')]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'CHANGE_SPOOL_UNAVAILABLE',
      facts: { vendorError: 'AccessDeniedException', httpStatus: 403 },
    });
    expect((error as Error).message).not.toContain('Ana');
  });

  it('adds nothing when the answer was lost and all is put again', async () => {
    await start();
    sqs.proxy.inject(() => ({ kind: 'hang-up', done: true }));
    await expect(put([recordOf('ana', '1'), recordOf('ben', '2')])).rejects.toMatchObject({ code: 'CHANGE_SPOOL_UNAVAILABLE' });
    sqs.proxy.inject(() => undefined);
    await put([recordOf('ana', '1', { recordedtime: 'later' }), recordOf('ben', '2')]);
    expect((await sqs.drain()).flatMap((body) => idsOf(recordsIn(body))).toSorted()).toEqual(['1', '2']);
  });

  it('overcomes a connection that died', async () => {
    await start();
    let dead = 1;
    sqs.proxy.inject(() => (dead-- > 0 ? { kind: 'hang-up', done: false } : undefined));
    await put([recordOf('ana', '1')], 5_000);
    expect(await sqs.drain()).toHaveLength(1);
  });

  it('begins no call once its time is up', async () => {
    let nowMs = 0;
    await start({ now: () => new Date(nowMs) });
    sqs.proxy.inject(() => {
      nowMs += 6_000;
      return undefined;
    });
    const records = Array.from({ length: 12 }, (_, n) => large('ana', `ana-${n}`));
    await expect(put(records)).rejects.toMatchObject({ facts: { reason: 'out-of-time' } });
    expect(batches()).toHaveLength(2);
  });

  it.each([1, 2, 3, 4])('claims nothing that it left, when the clock passes its end and is set back after look %i at it', async (late) => {
    let looks = 0;
    // Past its end for one look, and right for all others: as a clock that is set back in between.
    await start({ now: () => new Date((looks += 1) === late ? 60_000 : 0) });
    const records = Array.from({ length: 12 }, (_, n) => recordOf(`user${n}`, `user${n}-0`));
    const isTaken = await put(records).then(
      () => true,
      () => false,
    );
    expect(looks).toBeGreaterThanOrEqual(late);
    if (isTaken) expect(byKey((await sqs.drain()).flatMap(recordsIn))).toEqual(byKey(records));
  });
});
