import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRelayError } from '#lib/errors.ts';
import { changeTopic } from '#lib/intake/change-log.ts';
import { recordsOfMskEvent } from '#lib/msk/msk-event.ts';
import { startChangeLogPoller } from '../../../local/change-log-poller.ts';
import { openEmbeddedLog } from '../../../local/embedded-log/embedded-log.ts';
import { invoke } from '../../../local/lambda.ts';
import type { BatchEntry } from '../../support/aws-fault-proxy.ts';
import { subscriptionNamed } from '../../support/deliveries.ts';
import { startFanOut, type FanOutStage } from './fan-out-stage.ts';

const uuid = (n: number) => `2d050e48-fc0a-41ea-bbf6-${String(n).padStart(12, '0')}`;
const golden: unknown = JSON.parse(readFileSync(new URL('../../fixtures/aws/msk-two-partitions.json', import.meta.url), 'utf8'));
const payroll = subscriptionNamed('payroll');

let stage: FanOutStage;
let lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  stage = await startFanOut({
    subscriptions: [payroll],
    settings: { BATCH_ANSWER: 'whole' },
    onLine: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
});
afterAll(() => stage.stop());
beforeEach(() => {
  lines = [];
  stage.proxy.inject(() => undefined);
});

/** The queue takes everything but this change, while that holds. */
function refuse(id: string, holds = () => true): void {
  const failure = { Code: 'InternalError', SenderFault: false };
  stage.proxy.inject(() => ({
    kind: 'entries',
    fails: ({ MessageBody }: BatchEntry) => (holds() && MessageBody.includes(id) ? failure : undefined),
  }));
}

const drainedIds = async () => (await stage.drained()).map(({ change }) => change.id);

describe('fan-out for pollers that know no partial-batch answers', () => {
  it('works every partition, then fails with all of the batch, and says which partition is not done', async () => {
    refuse(uuid(2));

    await expect(invoke('fan-out', stage.handler, golden)).rejects.toMatchObject({ code: 'BATCH_UNFINISHED' });

    expect((await drainedIds()).toSorted()).toEqual([uuid(1), uuid(3), uuid(4)]);
    expect(lines).toMatchObject([
      {
        level: 'error',
        outcome: 'partial',
        records: 4,
        failedPartitions: 1,
        errors: [{ code: 'DELIVERY_QUEUE_UNAVAILABLE' }, { code: 'BATCH_UNFINISHED', facts: { unfinished: ['0 from 101'] } }],
      },
    ]);
  });

  it('answers nothing that names a record when all is done', async () => {
    expect(await invoke('fan-out', stage.handler, golden)).toEqual({ batchItemFailures: [] });

    expect(await drainedIds()).toEqual([uuid(2)]);
  });

  it('loses nothing, sends nothing twice and keeps the order when one partition fails twice', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'relay-whole-'));
    const log = await openEmbeddedLog({ dir, topic: changeTopic, partitions: 12, backOff: () => 1 });
    try {
      const records = recordsOfMskEvent(golden).map(({ partition, value }) => ({
        // By person, as the relay does; one of the golden event has none.
        key: partition === 0 ? 'acme:00uana000000000004x7' : 'acme:00uben000000000004x7',
        value: Buffer.from(Buffer.from(value ?? []).toString().replace(/"2d050e48-\w+-\w+-\w+-00000000(\d+)"/, '"2d050e48-fc0a-41ea-bbf6-00000001$1"')), // prettier-ignore
        headers: {},
      }));
      await log.append(records, { budgetMs: 5_000 });
      // The first of two changes of one person, which share a partition.
      const again = (n: number) => uuid(n).replace('-00000000', '-00000001');
      let invocations = 0;
      refuse(again(1), () => invocations <= 2);

      const failures: unknown[] = [];
      const done = Promise.withResolvers<undefined>();
      const polling = await startChangeLogPoller({
        feed: log,
        onError: (error) => failures.push(error),
        async invoke(event) {
          invocations += 1;
          const answer = await invoke('fan-out', stage.handler, event);
          done.resolve(undefined);
          return answer;
        },
      });
      await done.promise;
      await polling.stop();

      expect(lines[0]).toMatchObject({ records: 4, partitions: 2, failedPartitions: 1 });
      expect(failures.map((error) => isRelayError(error, 'BATCH_UNFINISHED'))).toEqual([true, true]);
      const ids = await drainedIds();
      expect(ids.toSorted()).toEqual([again(1), again(2), again(3), again(4)]);
      expect(ids.indexOf(again(1))).toBeLessThan(ids.indexOf(again(2)));
      expect(ids.indexOf(again(3))).toBeLessThan(ids.indexOf(again(4)));
    } finally {
      await log.close();
      rmSync(dir, { recursive: true });
    }
  });
});
