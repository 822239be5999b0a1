import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeRecord } from '#lib/intake/change-log.ts';
import { readSpoolMessage } from '#lib/intake/spool-message.ts';
import type { ChangeSpool } from '#lib/intake/spool.ts';
import { byKey, idsOf, recordOf } from '../lib/intake/spool-records.ts';

export interface ChangeSpoolUnderTest {
  readonly spool: ChangeSpool;
  /** Takes everything out of the spool; bodies in the order they are handed out. */
  drain(): Promise<string[]>;
  /** From now on nothing is taken, or what was is answered no more. */
  breakDown(how: 'unreachable' | 'silent'): void;
  stop(): Promise<void>;
}

const budget = { budgetMs: 10_000 };

/** What every implementation of the port owes to receive-hook and respool. */
export function changeSpoolContract(implementation: string, start: () => Promise<ChangeSpoolUnderTest>): void {
  describe(`ChangeSpool × ${implementation}`, () => {
    let subject: ChangeSpoolUnderTest;
    beforeAll(async () => void (subject = await start()));
    afterAll(() => subject.stop());
    const drained = async (): Promise<ChangeRecord[]> =>
      (await subject.drain()).flatMap((body) => {
        const read = readSpoolMessage(body);
        if (read.kind === 'unreadable') throw new Error(read.detail);
        return [...read.records];
      });

    it('[port: ChangeSpool] resolves at once when there is nothing to put', async () => {
      await subject.spool.put([], budget);
      expect(await drained()).toEqual([]);
    });

    it('[port: ChangeSpool] hands every record out once, and those of a key in their order', async () => {
      const records = Array.from({ length: 90 }, (_, n) => recordOf(`order-${n % 7}`, `order-${n}`));
      for (const part of [records.slice(0, 40), records.slice(40, 41), records.slice(41)]) await subject.spool.put(part, budget);

      const read = await drained();
      expect(read).toHaveLength(90);
      expect(byKey(read)).toEqual(byKey(records));
    });

    it('[port: ChangeSpool] keeps key, value and headers as they were, byte for byte', async () => {
      const value = Buffer.from([...Array(256).keys()]);
      const record = { ...recordOf('awkward', 'awkward'), value };
      const strange = { key: 'acme:é🫠\u0000\uffff', value: Buffer.alloc(0), headers: { ce_id: 'tab\t "quoted" \ufffe', 'x-é': '🫠' } };

      await subject.spool.put([record, strange], budget);

      const plain = (all: readonly ChangeRecord[]) =>
        all
          .map(({ key, value, headers }) => ({ key, value: Buffer.from(value).toString('hex'), headers }))
          .toSorted((a, b) => (a.key < b.key ? -1 : 1));
      expect(plain(await drained())).toEqual(plain([record, strange]));
    });

    it('[port: ChangeSpool] hands records that are put again within five minutes out once, also when they were taken out meanwhile', async () => {
      const records = [recordOf('again', 'again-0'), recordOf('again', 'again-1')];
      await subject.spool.put(records, budget);
      await subject.spool.put(records, budget);
      expect(idsOf(await drained())).toEqual(['again-0', 'again-1']);

      await subject.spool.put(records, budget);
      expect(await drained()).toEqual([]);
    });

    it('[port: ChangeSpool] takes changes at their limit of 256 KiB, more of them than fit into one call', async () => {
      const records = Array.from({ length: 9 }, (_, n) => recordOf(`large-${n % 2}`, `large-${n}`, { note: '🫠'.repeat(65_000) }));

      await subject.spool.put(records, budget);

      expect(byKey(await drained())).toEqual(byKey(records));
    });

    it('[port: ChangeSpool] throws CHANGE_SPOOL_UNAVAILABLE when nothing is taken', async () => {
      subject.breakDown('unreachable');
      await expect(subject.spool.put([recordOf('ana', 'lost')], budget)).rejects.toMatchObject({ code: 'CHANGE_SPOOL_UNAVAILABLE' });
    });

    it('[port: ChangeSpool] throws CHANGE_SPOOL_UNAVAILABLE within the budget when there is no answer', async () => {
      subject.breakDown('silent');
      const startedAtMs = performance.now();
      await expect(subject.spool.put([recordOf('ana', 'late')], { budgetMs: 600 })).rejects.toMatchObject({
        code: 'CHANGE_SPOOL_UNAVAILABLE',
      });
      // Slack for a busy machine; an implementation that waits for its client's own limits takes two seconds at least.
      expect(performance.now() - startedAtMs).toBeLessThan(1_900);
    });
  });
}
