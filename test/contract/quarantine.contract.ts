import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  quarantineReasons,
  type Quarantine,
  type QuarantineEntry,
  type QuarantineIndex,
  type QuarantineRow,
} from '#lib/quarantine/quarantine.ts';

export interface QuarantineUnderTest {
  readonly quarantine: Quarantine;
  readonly index: QuarantineIndex;
  /** The clock of the implementation. */
  readonly now: Date;
  bodyOf(id: string): Promise<Uint8Array | undefined>;
  stop(): Promise<void>;
}

const dayMs = 24 * 60 * 60_000;
let made = 0;

/** What every quarantine owes to those who keep and those who look. Each test has an org of its own. */
export function quarantineContract(implementation: string, start: () => Promise<QuarantineUnderTest>): void {
  describe(`Quarantine × ${implementation}`, () => {
    let subject: QuarantineUnderTest;
    beforeAll(async () => void (subject = await start()));
    afterAll(() => subject.stop());

    function entry(org: string, overrides: Partial<QuarantineEntry> = {}): QuarantineEntry {
      made += 1;
      return {
        id: `q-${made}`,
        org,
        reason: 'not-json',
        detail: 'The body is no JSON',
        receivedAt: subject.now,
        body: Buffer.from(`body ${made}`),
        ...overrides,
      };
    }
    const ago = (days: number, ms = 0) => new Date(subject.now.getTime() - days * dayMs - ms);
    async function listed(org: string | undefined, limit = 100): Promise<{ rows: QuarantineRow[]; pages: number }> {
      const rows: QuarantineRow[] = [];
      let pages = 0;
      for (let cursor: string | undefined; ;) {
        const page = await subject.index.list({ org, limit, cursor });
        if (page.kind === 'bad-cursor') throw new Error('bad cursor');
        expect(page.data.length).toBeLessThanOrEqual(limit);
        rows.push(...page.data);
        pages += 1;
        if (page.nextCursor === null) return { rows, pages };
        cursor = page.nextCursor;
      }
    }
    const idsOf = (rows: readonly QuarantineRow[]) => rows.map(({ id }) => id);

    it('[port: Quarantine] keeps the input byte for byte', async () => {
      const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const kept = entry('bytes', { body });
      await subject.quarantine.keep(kept);
      expect(Buffer.from((await subject.bodyOf(kept.id)) ?? []).equals(body)).toBe(true);
    });

    it('[port: Quarantine] keeps an empty input and one of two megabytes', async () => {
      for (const size of [0, 2 * 1024 * 1024]) {
        const kept = entry('sizes', { body: new Uint8Array(size).fill(7) });
        await subject.quarantine.keep(kept);
        expect((await subject.bodyOf(kept.id))?.length).toBe(size);
      }
      expect((await listed('sizes')).rows.map(({ size }) => size).toSorted()).toEqual([0, 2 * 1024 * 1024]);
    });

    it('[port: Quarantine] takes the same input again without a second entry, and leaves the first as it was', async () => {
      const kept = entry('again', { receivedAt: ago(1) });
      await subject.quarantine.keep(kept);
      await subject.quarantine.keep({ ...kept, receivedAt: ago(0) });
      await Promise.all(Array.from({ length: 5 }, () => subject.quarantine.keep(kept)));
      expect((await listed('again')).rows).toMatchObject([{ id: kept.id, receivedAt: ago(1).toISOString() }]);
    });

    it('[port: Quarantine] refuses an id that could not be a name in a bucket', async () => {
      for (const id of ['', '../x', 'A', 'a/b', 'x'.repeat(65)])
        await expect(subject.quarantine.keep(entry('names', { id }))).rejects.toThrow('quarantine id');
      expect((await listed('names')).rows).toEqual([]);
    });

    describe(`QuarantineIndex × ${implementation}`, () => {
      it('[port: QuarantineIndex] tells of each entry whose it is, why it is there, since when, and how large it is', async () => {
        for (const reason of quarantineReasons)
          await subject.quarantine.keep(entry('facts', { reason, detail: `because of ${reason}`, body: Buffer.from(reason) }));
        const { rows } = await listed('facts');
        expect(rows.map(({ reason }) => reason).toSorted()).toEqual([...quarantineReasons].toSorted());
        for (const row of rows) {
          expect(row).toEqual({
            id: row.id,
            org: 'facts',
            reason: row.reason,
            detail: `because of ${row.reason}`,
            receivedAt: subject.now.toISOString(),
            size: row.reason.length,
          });
        }
      });

      it.each([1, 2, 5, 9, 10])('[port: QuarantineIndex] lists newest first across days in pages of %i, each entry once', async (limit) => {
        const org = `days-${limit}`;
        // In a day several, two at the same millisecond among them; then days without any.
        const times = [ago(0), ago(0), ago(0, 1), ago(1), ago(2), ago(2, 5), ago(30), ago(88), ago(89)];
        const kept = times.map((receivedAt) => entry(org, { receivedAt }));
        for (const one of kept.toReversed()) await subject.quarantine.keep(one);
        const { rows, pages } = await listed(org, limit);
        expect(rows.map(({ receivedAt }) => receivedAt)).toEqual(times.map((time) => time.toISOString()));
        expect(idsOf(rows).toSorted()).toEqual(kept.map(({ id }) => id).toSorted());
        expect(pages).toBe(Math.ceil(times.length / limit));
      });

      it("[port: QuarantineIndex] finds one org's entries among many of another's", async () => {
        for (let count = 0; count < 250; count += 1) await subject.quarantine.keep(entry('loud', { receivedAt: ago(0, count) }));
        const quiet = entry('quiet', { receivedAt: ago(0, 125) });
        await subject.quarantine.keep(quiet);
        expect((await listed('quiet')).rows).toMatchObject([{ id: quiet.id }]);
        expect((await listed('loud', 100)).rows).toHaveLength(250);
        expect(idsOf((await listed(undefined)).rows)).toContain(quiet.id);
        expect((await listed('nobody')).rows).toEqual([]);
      });

      it('[port: QuarantineIndex] lists what a writer with a fast clock kept', async () => {
        const early = entry('fast-clock', { receivedAt: ago(0, -30 * 60_000) });
        await subject.quarantine.keep(early);
        expect((await listed('fast-clock')).rows).toMatchObject([{ id: early.id }]);
      });

      it.each([
        ['', 'x', 'W10', 'e30', 'bnVsbA', 'A'.repeat(5_000)],
        [{ list: 'subscriptions', day: '2026-11-21' }],
        [{ list: 'quarantine', day: '2026-13-45' }],
        [{ list: 'quarantine', day: '9999-01-01' }],
        [{ list: 'quarantine', day: '2026-11-21', after: '2026-11-20T00:00:00.000Z#q-1' }],
        [{ list: 'quarantine', day: '2026-11-21', after: { S: 'x' } }],
      ])('[port: QuarantineIndex] calls %j a bad cursor', async (...places) => {
        for (const place of places) {
          const cursor = typeof place === 'string' ? place : Buffer.from(JSON.stringify(place)).toString('base64url');
          expect(await subject.index.list({ limit: 10, cursor })).toEqual({ kind: 'bad-cursor' });
        }
      });
    });
  });
}
