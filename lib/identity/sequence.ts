import type { Change } from './change.ts';

/**
 * The place of a change in the history of its state key: `<13-digit epoch ms>-<19-digit Kafka offset>`, compared as text.
 *
 * The time is the earlier of `time` and `recordedtime`, so that a clock at Okta that runs ahead cannot put a change above
 * everything that follows it. The offset only breaks ties.
 * @param offset of the change in its partition; 0 to 2^63 - 1.
 */
export function sequenceOf(change: Pick<Change, 'time' | 'recordedtime'>, offset: number | bigint): string {
  const ms = Math.min(Date.parse(change.time), Date.parse(change.recordedtime));
  const digits = [String(ms).padStart(13, '0'), BigInt(offset).toString().padStart(19, '0')].join('-');
  // Text that is not of one length does not compare: better no sequence than a wrong one. Either input is our own, so it is a bug.
  if (!/^[0-9]{13}-[0-9]{19}$/.test(digits))
    throw new RangeError('A change without a readable time, or an offset outside 0 to 2^63 - 1, has no sequence.');
  return digits;
}
