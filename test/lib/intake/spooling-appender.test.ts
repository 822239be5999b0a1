import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import type { Appender } from '#lib/intake/appender.ts';
import { spoolingAppender } from '#lib/intake/spooling-appender.ts';
import { readSpoolMessage } from '#lib/intake/spool-message.ts';
import { TimeBudget } from '#lib/intake/time-budget.ts';
import { InMemoryChangeLog } from './in-memory-ports.ts';
import { SizeLimitedLog } from './size-limited-log.ts';
import { InMemoryChangeSpool } from './spool-in-memory.ts';
import { idsOf, recordOf } from './spool-records.ts';

let nowMs: number;
let log: InMemoryChangeLog;
let spool: InMemoryChangeSpool;
let appender: Appender;
beforeEach(() => {
  nowMs = 1_000_000;
  log = new InMemoryChangeLog();
  spool = new InMemoryChangeSpool();
  appender = spoolingAppender({ log, spool, now: () => new Date(nowMs) });
});
const withLeft = (leftMs: number) => new TimeBudget({ endsAtMs: nowMs + leftMs, now: () => new Date(nowMs) });
const append = (id: string, leftMs = 2_300) => appender.append([recordOf('ana', id)], withLeft(leftMs));
const spooledIds = () =>
  spool.messages.flatMap(({ body }) => {
    const read = readSpoolMessage(body);
    return read.kind === 'readable' ? idsOf(read.records) : [];
  });

describe('spoolingAppender', () => {
  it('puts the records on the log, and only there, while it works', async () => {
    expect(await append('1')).toEqual({ kind: 'logged' });
    expect(idsOf(log.records)).toEqual(['1']);
    expect(spooledIds()).toEqual([]);
  });

  it('puts them into the spool when the log is out of reach, and says why', async () => {
    log.health = 'unreachable';
    expect(await append('1')).toMatchObject({ kind: 'spooled', because: { code: 'CHANGE_LOG_UNAVAILABLE' } });
    expect(spooledIds()).toEqual(['1']);
  });

  it('puts them into the spool when the log has a bug', async () => {
    const broken = { append: () => Promise.reject(new TypeError('a bug')) };
    appender = spoolingAppender({ log: broken, spool, now: () => new Date(nowMs) });
    expect(await append('1')).toMatchObject({ kind: 'spooled', because: expect.any(TypeError) as TypeError });
    expect(spooledIds()).toEqual(['1']);
  });

  it('leaves a log behind that does not keep its word on the time', async () => {
    log.health = 'silent';
    expect(await append('1', 850)).toMatchObject({ kind: 'spooled', because: { facts: { reason: 'out-of-time' } } });
    expect(spooledIds()).toEqual(['1']);
  });

  it('goes straight to the spool for five seconds, then probes, and stays with a log that works', async () => {
    log.health = 'unreachable';
    await append('1');
    log.health = 'working';
    nowMs += 4_999;
    expect(await append('2')).toEqual({ kind: 'spooled', because: undefined });
    nowMs += 1;
    expect(await append('3')).toEqual({ kind: 'logged' });
    expect(await append('4')).toEqual({ kind: 'logged' });
    expect(spooledIds()).toEqual(['1', '2']);
  });

  it('gives the log 1.1 s and the spool behind it 0.6 s, and less when less is left', async () => {
    log.health = 'unreachable';
    await append('1');
    nowMs += 5_000;
    await append('2', 1_000);
    nowMs += 5_000;
    log.append = () => {
      nowMs += 500;
      return Promise.reject(new RelayError('CHANGE_LOG_UNAVAILABLE', 'unreachable'));
    };
    await append('3', 1_000);
    expect(log.budgetsMs).toEqual([1_100, 350]);
    expect(spool.budgetsMs).toEqual([600, 600, 450]);
  });

  it('gives the spool all the time there is, but for a moment to answer in, while the log is left alone', async () => {
    log.health = 'unreachable';
    await append('1');
    nowMs += 1_000;
    await append('2', 2_300);
    await append('3', 400);
    expect(log.budgetsMs).toEqual([1_100]);
    expect(spool.budgetsMs).toEqual([600, 2_250, 350]);
  });

  it('spools what the log refuses for its size, says so, and goes on with the log for everybody else', async () => {
    const small = new SizeLimitedLog(1_000);
    appender = spoolingAppender({ log: small, spool, now: () => new Date(nowMs) });
    const large = recordOf('ana', '1', { padding: 'x'.repeat(1_200) });
    expect(await appender.append([large], withLeft(2_300))).toMatchObject({ kind: 'spooled', because: { code: 'CHANGES_TOO_LARGE' } });
    expect(await append('2')).toEqual({ kind: 'logged' });
    expect(spooledIds()).toEqual(['1']);
    expect(idsOf(small.records)).toEqual(['2']);
  });

  it('takes a refusal for size as the answer of a log that is back', async () => {
    const small = new SizeLimitedLog(1_000);
    small.appendsLeft = 0;
    appender = spoolingAppender({ log: small, spool, now: () => new Date(nowMs) });
    await append('1');
    nowMs += 5_000;
    small.appendsLeft = Infinity;
    await appender.append([recordOf('ana', '2', { padding: 'x'.repeat(1_200) })], withLeft(2_300));
    expect(await append('3')).toEqual({ kind: 'logged' });
    expect(spooledIds()).toEqual(['1', '2']);
  });

  it('does not try the log with too little time for an answer, and holds nothing against it', async () => {
    expect(await append('1', 849)).toEqual({ kind: 'spooled', because: undefined });
    expect(await append('2')).toEqual({ kind: 'logged' });
  });

  it('throws CHANGE_SPOOL_UNAVAILABLE when neither takes them, with what the log failed with', async () => {
    log.health = 'unreachable';
    spool.health = 'unreachable';
    await expect(append('1')).rejects.toMatchObject({ code: 'CHANGE_SPOOL_UNAVAILABLE', facts: { log: 'CHANGE_LOG_UNAVAILABLE' } });
  });

  it('tries the log again at once when the spool failed after it, so that a retry is not refused for a log that is back', async () => {
    log.health = 'unreachable';
    spool.health = 'unreachable';
    await expect(append('1')).rejects.toThrow();
    log.health = 'working';
    expect(await append('1')).toEqual({ kind: 'logged' });
  });

  it('throws a bug of the spool as what it is', async () => {
    log.health = 'unreachable';
    appender = spoolingAppender({ log, spool: { put: () => Promise.reject(new TypeError('a bug')) }, now: () => new Date(nowMs) });
    await expect(append('1')).rejects.toThrow(TypeError);
  });
});
