import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { respool, type SpooledMessage } from '#lib/intake/respool.ts';
import { spoolMessages } from '#lib/intake/spool-message.ts';
import { noon } from '../okta/authenticity-fixtures.ts';
import { InMemoryChangeLog, InMemoryQuarantine } from './in-memory-ports.ts';
import { SizeLimitedLog } from './size-limited-log.ts';
import { byKey, idsOf, recordOf } from './spool-records.ts';

let log: InMemoryChangeLog;
let quarantine: InMemoryQuarantine;
let waits: [string, number][];
let canSetWaits: boolean;
beforeEach(() => {
  log = new InMemoryChangeLog();
  quarantine = new InMemoryQuarantine();
  waits = [];
  canSetWaits = true;
});

const visibility = {
  async change(receiptHandle: string, seconds: number) {
    if (!canSetWaits) throw new RelayError('DELIVERY_QUEUE_UNAVAILABLE', 'unreachable');
    waits.push([receiptHandle, seconds]);
  },
};
const run = (messages: readonly SpooledMessage[], remainingMs = 30_000) =>
  respool({ log, quarantine, visibility, now: () => noon }, messages, () => remainingMs);

function received(user: string, ...ids: readonly string[]): SpooledMessage {
  const [message] = spoolMessages(ids.map((id) => recordOf(user, id)));
  const messageId = `m-${ids.join('-')}`;
  return { messageId, receiptHandle: `handle of ${messageId}`, groupId: message?.groupId ?? '', body: message?.body ?? '' };
}
const unreadable = (user: string, body: string): SpooledMessage => ({ ...received(user, body), body });
const waitOf = (...messageIds: string[]) => messageIds.map((id) => [`handle of m-${id}`, 10]);

describe('respool', () => {
  it('puts the records of all groups on the log, in one append, those of a group in order', async () => {
    const report = await run([received('ana', '1', '2'), received('ben', '3'), received('ana', '4'), received('ben', '5')]);
    expect(report).toEqual({ failures: [], records: 5, quarantined: 0, errors: [] });
    expect(byKey(log.records)).toEqual({ 'acme:ana': ['1', '2', '4'], 'acme:ben': ['3', '5'] });
    expect(log.budgetsMs).toEqual([10_000]);
    expect(waits).toEqual([]);
  });

  it('asks the log for nothing when there is nothing', async () => {
    expect(await run([])).toEqual({ failures: [], records: 0, quarantined: 0, errors: [] });
    expect(log.budgetsMs).toEqual([]);
  });

  it('keeps everything for ten seconds while the log is out of reach', async () => {
    log.health = 'unreachable';
    const report = await run([received('ana', '1'), received('ben', '2'), received('ana', '3')]);
    expect(report.failures.toSorted()).toEqual(['m-1', 'm-2', 'm-3']);
    expect(report).toMatchObject({ records: 0, errors: [{ code: 'CHANGE_LOG_UNAVAILABLE' }] });
    expect(waits.toSorted()).toEqual(waitOf('1', '2', '3'));
  });

  it('gives the log no more time than the invocation has', async () => {
    await run([received('ana', '1')], 8_000);
    await run([received('ana', '2')], 3_000);
    expect(log.budgetsMs).toEqual([3_000, 0]);
  });

  it('quarantines what it cannot read and goes on behind it', async () => {
    const report = await run([received('ana', '1'), unreadable('ana', '{"v":1}'), received('ana', '2')]);
    expect(report).toEqual({ failures: [], records: 2, quarantined: 1, errors: [] });
    expect(idsOf(log.records)).toEqual(['1', '2']);
    expect([...quarantine.entries.values()]).toMatchObject([
      { reason: 'spool-unreadable', org: 'unknown', receivedAt: noon, body: Buffer.from('{"v":1}') },
    ]);
  });

  it('makes one entry of an unreadable message that comes twice', async () => {
    await run([unreadable('ana', 'x')]);
    await run([unreadable('ben', 'x')]);
    expect(quarantine.entries.size).toBe(1);
    expect([...quarantine.entries.keys()][0]).toMatch(/^[a-z0-9-]{1,64}$/);
  });

  it('deletes what is in quarantine also when the log is out of reach', async () => {
    log.health = 'unreachable';
    const report = await run([unreadable('ana', 'x'), received('ana', '1')]);
    expect(report).toMatchObject({ failures: ['m-1'], quarantined: 1 });
  });

  it('ends a group at what it can neither read nor quarantine, and no other group', async () => {
    quarantine.health = 'unreachable';
    const report = await run([received('ana', '1'), unreadable('ana', 'x'), received('ben', '2'), received('ana', '3')]);
    expect(report).toMatchObject({ failures: ['m-x', 'm-3'], records: 2, quarantined: 0, errors: [{ code: 'QUARANTINE_UNAVAILABLE' }] });
    expect(byKey(log.records)).toEqual({ 'acme:ana': ['1'], 'acme:ben': ['2'] });
    expect(waits).toEqual(waitOf('x', '3'));
  });

  it('keeps all of a group, in order, when log and quarantine are away', async () => {
    log.health = 'unreachable';
    quarantine.health = 'unreachable';
    const report = await run([received('ana', '1'), unreadable('ana', 'x'), received('ana', '2')]);
    expect(report.failures.toSorted()).toEqual(['m-1', 'm-2', 'm-x']);
    expect(report.errors).toHaveLength(2);
  });

  it('still names what stays when the wait cannot be set', async () => {
    log.health = 'unreachable';
    canSetWaits = false;
    const report = await run([received('ana', '1'), received('ben', '2')]);
    expect(report).toMatchObject({
      failures: ['m-1', 'm-2'],
      errors: [{ code: 'CHANGE_LOG_UNAVAILABLE' }, { code: 'CHANGE_SPOOL_UNAVAILABLE' }],
    });
  });

  it('does not take a bug for an answer', async () => {
    const broken = { append: () => Promise.reject(new TypeError('a bug')) };
    const report = await respool({ log: broken, quarantine, visibility, now: () => noon }, [received('ana', '1')], () => 30_000);
    expect(report).toMatchObject({ failures: ['m-1'], records: 0, errors: [expect.any(TypeError)] });
  });
});

describe('respool before a log whose limit for a batch was lowered', () => {
  const small = new SizeLimitedLog(1_000);
  beforeEach(() => {
    small.records.length = 0;
    small.budgetsMs.length = 0;
    small.appendsLeft = Infinity;
  });
  const runSmall = (messages: readonly SpooledMessage[], remainingMs = () => 30_000) =>
    respool({ log: small, quarantine, visibility, now: () => noon }, messages, remainingMs);
  const padded = (user: string, id: string, size: number) => recordOf(user, id, { padding: 'x'.repeat(size) });
  const holding = (user: string, ...sizes: readonly (readonly [string, number])[]): SpooledMessage => {
    const [message] = spoolMessages(sizes.map(([id, size]) => padded(user, id, size)));
    return { ...received(user, ...sizes.map(([id]) => id)), body: message?.body ?? '' };
  };
  const firstsByKey = () => Object.fromEntries(Object.entries(byKey(small.records)).map(([key, ids]) => [key, [...new Set(ids)]]));

  it('puts changes on the log one by one that are too large only together, and quarantines none', async () => {
    const report = await runSmall([holding('ana', ['1', 400], ['2', 400], ['3', 400]), holding('ana', ['4', 600])]);
    expect(report).toMatchObject({ failures: [], records: 4, quarantined: 0, errors: [{ code: 'CHANGES_TOO_LARGE' }] });
    expect(firstsByKey()).toEqual({ 'acme:ana': ['1', '2', '3', '4'] });
    expect(quarantine.entries.size).toBe(0);
  });

  it('quarantines only the change that is refused by itself; what is before and behind it goes on in order', async () => {
    const large = padded('ana', '2', 1_200);
    const report = await runSmall([
      received('ana', '0'),
      holding('ana', ['1', 10], ['2', 1_200], ['3', 10]),
      received('ben', '4'),
      received('ana', '5'),
    ]);
    expect(report).toMatchObject({ failures: [], records: 5, quarantined: 1 });
    expect(firstsByKey()).toEqual({ 'acme:ana': ['0', '1', '3', '5'], 'acme:ben': ['4'] });
    expect([...quarantine.entries.values()]).toEqual([
      {
        id: expect.stringMatching(/^spool-[0-9a-f]{40}$/) as string,
        org: 'acme',
        reason: 'change-too-large',
        detail: `The change log refused this change of ${large.value.byteLength} bytes, by itself, for its size.`,
        receivedAt: noon,
        body: large.value,
      },
    ]);
  });

  it('makes one entry of a change that comes twice, recorded at another time', async () => {
    await runSmall([holding('ana', ['1', 1_200])]);
    await runSmall([holding('ana', ['1', 1_201])]);
    await runSmall([holding('ben', ['1', 1_200])]);
    expect(quarantine.reasons).toEqual(['change-too-large', 'change-too-large']);
  });

  it('keeps the group of what it cannot quarantine, in order, and no other', async () => {
    quarantine.health = 'unreachable';
    const report = await runSmall([received('ana', '1'), holding('ana', ['2', 1_200]), received('ana', '3'), received('ben', '4')]);
    expect(report).toMatchObject({
      failures: ['m-2', 'm-3'],
      records: 2,
      quarantined: 0,
      errors: [{ code: 'CHANGES_TOO_LARGE' }, { code: 'QUARANTINE_UNAVAILABLE' }],
    });
    expect(waits).toEqual(waitOf('2', '3'));
    expect(firstsByKey()).toEqual({ 'acme:ana': ['1'], 'acme:ben': ['4'] });
  });

  it('keeps the rest when the log goes away in the midst of it', async () => {
    small.appendsLeft = 2;
    const report = await runSmall([received('ana', '1'), holding('ben', ['2', 1_200]), received('ana', '3')]);
    expect(report).toMatchObject({
      failures: ['m-3', 'm-2'],
      records: 1,
      errors: [{ code: 'CHANGES_TOO_LARGE' }, { code: 'CHANGE_LOG_UNAVAILABLE' }],
    });
    expect(waits.toSorted()).toEqual(waitOf('2', '3'));
  });

  it('asks before each append how much time is left, and keeps what there is none for', async () => {
    const left = [30_000, 12_000, 7_000, 5_000];
    const report = await runSmall([received('ana', '1'), received('ana', '2'), holding('ana', ['3', 1_200])], () => left.shift() ?? 0);
    expect(small.budgetsMs).toEqual([10_000, 7_000, 2_000, 0]);
    expect(report).toMatchObject({ failures: ['m-3'], records: 2, quarantined: 0 });
  });

  it('does not take a bug for a refusal', async () => {
    let calls = 0;
    const broken = {
      append: () => Promise.reject(calls++ === 0 ? new RelayError('CHANGES_TOO_LARGE', 'too large') : new TypeError('a bug')),
    };
    const report = await respool({ log: broken, quarantine, visibility, now: () => noon }, [received('ana', '1')], () => 30_000);
    expect(report).toMatchObject({ failures: ['m-1'], records: 0, errors: [{ code: 'CHANGES_TOO_LARGE' }, expect.any(TypeError)] });
  });
});
