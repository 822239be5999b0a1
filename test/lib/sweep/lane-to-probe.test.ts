import { describe, expect, it } from 'vitest';
import type { DueLane } from '#lib/delivery/lane-store.ts';
import { laneToProbe, lanesForProbe } from '#lib/sweep/lane-to-probe.ts';

const at = new Date('2026-11-22T12:00:00.000Z');
const lane = (group: string, removalAt: number): DueLane => ({
  ...{ queue: 'deliveries', group, epoch: group, reason: 'circuit', parkedAt: at, dueAt: at },
  removalAt,
});
const circuit = (probes: number, probeAt = at) => ({ circuit: { since: at.toISOString(), probeAt: probeAt.toISOString(), probes } });
const due = [lane('updates', -1), lane('leaver', 1), lane('another', 0)];

describe('the lane of a probe', () => {
  it.each([
    [0, 'leaver'],
    [1, 'updates'],
    [2, 'leaver'],
    [3, 'updates'],
  ])('after %i probes is that of %s: every other one is for a removal', (probes, group) => {
    expect(laneToProbe(circuit(probes), due)?.group).toBe(group);
  });

  it('is the one due longest where no removal waits', () => {
    expect(laneToProbe(circuit(0), [lane('one', -1), lane('two', -1)])?.group).toBe('one');
    expect(laneToProbe(circuit(0), [])).toBeUndefined();
  });

  it('is looked for among many when the probe is due, and not before', () => {
    expect(lanesForProbe(circuit(0), at)).toBe(2_000);
    expect(lanesForProbe(circuit(0), new Date(at.getTime() - 1))).toBe(1);
  });
});
