import { describe, expect, it } from 'vitest';
import { firstProbeAt, isGivenUp, isProbeDue, nextProbeAt, removalProbeDueAt } from '#lib/pacing/circuit.ts';

const now = new Date('2026-11-22T06:00:00.000Z');
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

describe('a circuit', () => {
  it('is probed after 1, 2, 4 and 8 minutes, and then every 15', () => {
    const waits = [firstProbeAt(now), ...[0, 1, 2, 3, 4, 5, 400, 2_000].map((probes) => nextProbeAt({ probes }, now))];
    expect(waits).toEqual([1, 2, 4, 8, 15, 15, 15, 15, 15].map(later));
  });

  it('is due at its time and not before', () => {
    const circuit = { probeAt: now.toISOString() };
    expect(isProbeDue(circuit, new Date(now.getTime() - 1))).toBe(false);
    expect(isProbeDue(circuit, now)).toBe(true);
  });

  it('is probed for a removal 45 s after any probe, by schedule or for a removal, and after the opening', () => {
    const bySchedule = (probes: number) => ({ probes, probeAt: nextProbeAt({ probes: probes - 1 }, now).toISOString() });
    expect([1, 2, 3, 4, 5, 400].map((probes) => removalProbeDueAt(bySchedule(probes)))).toEqual(Array(6).fill(later(0.75)));
    expect(removalProbeDueAt({ probes: 0, probeAt: firstProbeAt(now).toISOString() })).toEqual(later(0.75));
    expect(removalProbeDueAt({ ...bySchedule(4), removalProbedAt: later(3).toISOString() })).toEqual(later(3.75));
    expect(removalProbeDueAt({ ...bySchedule(4), removalProbedAt: later(-3).toISOString() })).toEqual(later(0.75));
  });

  it('is not probed by its schedule while a probe for a removal is under way', () => {
    const circuit = { probeAt: now.toISOString(), removalProbedAt: later(-0.25).toISOString() };
    expect(isProbeDue(circuit, new Date(later(0.5).getTime() - 1))).toBe(false);
    expect(isProbeDue(circuit, later(0.5))).toBe(true);
  });

  it('is given up after five days', () => {
    const circuit = { since: now.toISOString() };
    expect(isGivenUp(circuit, new Date(later(5 * 24 * 60).getTime() - 1))).toBe(false);
    expect(isGivenUp(circuit, later(5 * 24 * 60))).toBe(true);
  });
});
