import { RelayError } from '../errors.ts';
import { countParked, type ParkedCount } from './count-parked.ts';
import type { DeliveryId } from '../delivery/delivery.ts';
import { goingOver } from './go-over.ts';
import { inTurn } from './in-turn.ts';
import { oldestRemoval } from './oldest-removal.ts';
import type { SweepParts } from './sweep-parts.ts';
import { sweepRecoveries } from './sweep-recoveries.ts';
import { sweepSubscription, type Swept } from './sweep-subscription.ts';

export interface SweepReport extends Swept, ParkedCount {
  readonly subscriptions: number;
  /** Dead letters that were sent again. */
  readonly recovered: number;
  /** Since Okta's `published` of the oldest removal that is owed to an active subscription and parked; 0: none is, as far as it was looked. */
  readonly oldestRemovalSeconds: number;
  /** One for each part of a subscription's sweep that failed; the others were done. */
  readonly errors: readonly unknown[];
}

/** Below this nothing new is begun. */
const endingTimeMs = 5_000;

/**
 * Goes over all subscriptions: releases lanes that are due, has open circuits probed, ends pauses, disables what failed for too long, tells
 * operators, and clears up after what was deleted. Then counts what is parked, looks for the oldest removal in it, and last goes on with recoveries: what a
 * person asked for to be sent again must not keep waiting what is owed. Every step may be repeated, and two sweeps at once do no harm.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE when there is nothing to go over
 */
export async function sweep(parts: SweepParts, remainingMs: () => number): Promise<SweepReport> {
  const all = await parts.subscriptions.all();
  const turns = inTurn(all, parts);
  const hasTime = (): boolean => remainingMs() > endingTimeMs;
  const errors: unknown[] = [];
  const goOver = goingOver((error) => void errors.push(error));
  const swept = await goOver(turns, {
    mayBegin: hasTime,
    work: (subscription) => sweepSubscription(parts, { subscription, all, hasTime }),
  });
  const parked = await countParked(parts, { all: turns, goOver, hasTime });
  const removal = await oldestRemoval(parts, { among: parked.removals, hasTime });
  errors.push(...parked.unreadable, ...removal.errors);
  const openCircuits = sumOf(swept, 'openCircuits');
  parts.metrics.count('OpenCircuits', openCircuits);
  parts.metrics.count('ParkedLanes', parked.parkedLanes);
  parts.metrics.count('OldestParkedAgeSeconds', parked.oldestParkedSeconds);
  parts.metrics.count('OldestRemovalAgeSeconds', removal.seconds);
  const recovered = await sweepRecoveries(parts, { all, goOver, hasTime, remainingMs });
  errors.push(...recovered.unreadable.map(unreadableLetter));
  return {
    subscriptions: all.length,
    ...{ released: sumOf(swept, 'released'), probes: sumOf(swept, 'probes'), events: sumOf(swept, 'events') },
    ...{ openCircuits, dueLanes: sumOf(swept, 'dueLanes') },
    ...{ parkedLanes: parked.parkedLanes, oldestParkedSeconds: parked.oldestParkedSeconds, oldestRemovalSeconds: removal.seconds },
    ...{ recovered: recovered.sent, errors },
  };
}

function unreadableLetter(delivery: DeliveryId): RelayError {
  return new RelayError('DELIVERY_STORE_UNAVAILABLE', 'A dead letter cannot be sent again as it is stored', { facts: { delivery } });
}

function sumOf(swept: readonly Swept[], name: keyof Swept): number {
  return swept.reduce((so, one) => so + one[name], 0);
}
