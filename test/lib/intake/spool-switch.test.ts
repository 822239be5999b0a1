import { beforeEach, describe, expect, it } from 'vitest';
import { SpoolSwitch } from '#lib/intake/spool-switch.ts';

let nowMs: number;
let spoolSwitch: SpoolSwitch;
beforeEach(() => {
  nowMs = 1_000_000;
  spoolSwitch = new SpoolSwitch({ now: () => new Date(nowMs) });
});
const failNow = () => spoolSwitch.tryLog()?.failed();

describe('SpoolSwitch', () => {
  it('lets everybody try a log that works', () => {
    expect([1, 2, 3].map(() => spoolSwitch.tryLog() !== undefined)).toEqual([true, true, true]);
  });

  it('lets nobody try for five seconds after a failure, then exactly one', () => {
    failNow();
    expect(spoolSwitch.tryLog()).toBeUndefined();
    nowMs += 4_999;
    expect(spoolSwitch.tryLog()).toBeUndefined();
    nowMs += 1;
    expect([1, 2, 3].map(() => spoolSwitch.tryLog() !== undefined)).toEqual([true, false, false]);
  });

  it('lets everybody try again once the probe worked', () => {
    failNow();
    nowMs += 5_000;
    spoolSwitch.tryLog()?.worked();
    expect([1, 2].map(() => spoolSwitch.tryLog() !== undefined)).toEqual([true, true]);
  });

  it('waits five seconds more when the probe failed', () => {
    failNow();
    nowMs += 60_000;
    failNow();
    nowMs += 4_999;
    expect(spoolSwitch.tryLog()).toBeUndefined();
    nowMs += 1;
    expect(spoolSwitch.tryLog()).toBeDefined();
  });

  it('is not turned back by an older attempt that works after another has failed', () => {
    const older = spoolSwitch.tryLog();
    failNow();
    older?.worked();
    expect(spoolSwitch.tryLog()).toBeUndefined();
  });

  it('counts from the latest failure, also from one that ends during the probe', () => {
    const older = spoolSwitch.tryLog();
    failNow();
    nowMs += 5_000;
    const probe = spoolSwitch.tryLog();
    older?.failed();
    probe?.worked();
    nowMs += 4_999;
    expect(spoolSwitch.tryLog()).toBeUndefined();
  });

  it('lets one try at once when the spool has failed too', () => {
    failNow();
    spoolSwitch.spoolFailed();
    expect([1, 2].map(() => spoolSwitch.tryLog() !== undefined)).toEqual([true, false]);
  });

  it('leaves a working log alone when the spool fails', () => {
    spoolSwitch.spoolFailed();
    expect([1, 2].map(() => spoolSwitch.tryLog() !== undefined)).toEqual([true, true]);
  });

  it('does not wait for a clock that was set back', () => {
    failNow();
    nowMs -= 3_600_000;
    expect(spoolSwitch.tryLog()).toBeDefined();
  });
});
