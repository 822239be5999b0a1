import { RelayError } from '../errors.ts';
import { countParked, type ParkedCount } from './count-parked.ts';
import type { DeliveryId } from '../delivery/delivery.ts';
import { goingOver } from './go-over.ts';
import { inTurn } from './in-turn.ts';
import { oldestRemoval } from './oldest-removal.ts';
import type { SweepParts } from './sweep-parts.ts';
import { sweepRecoveries } from './sweep-recoveries.ts';
import { sweepSubscription, type Swept } from './sweep-subscription.ts';
import { tellParked } from './tell-parked.ts';

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
/** Of a run's minute, for looking at what is parked: alarms go by it, so releasing what is due must not use it up. */
const lookingTimeMs = 15_000;

/**
 * Goes over all subscriptions: releases lanes that are due, has open circuits probed, ends pauses, disables what failed for too long, tells
 * operators, and clears up after what was deleted. Then counts what is parked, looks for the oldest removal in it, and last goes on with recoveries: what a
 * person asked for to be sent again must not keep waiting what is owed. Where time was up before all were looked at, that is an error. Every step may be repeated, and two sweeps at once do no harm.
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE when there is nothing to go over
 */
export async function sweep(parts: SweepParts, remainingMs: () => number): Promise<SweepReport> {
  const all = await parts.subscriptions.all();
  const turns = inTurn(all, parts);
  const hasTime = (): boolean => remainingMs() > endingTimeMs;
  const errors: unknown[] = [];
  const goOver = goingOver((error) => void errors.push(error));
  const mayRelease = (): boolean => remainingMs() > endingTimeMs + lookingTimeMs;
  const swept = await goOver(turns, {
    mayBegin: mayRelease,
    work: (subscription) => sweepSubscription(parts, { subscription, all, hasTime: mayRelease }),
  });
  const parked = await countParked(parts, { all: turns, goOver, hasTime });
  const removal = await oldestRemoval(parts, { among: parked.removals, hasTime });
  errors.push(...parked.unreadable, ...removal.errors, ...(parked.notBegun > 0 ? [notLookedAt(parked.notBegun)] : []));
  const openCircuits = sumOf(swept, 'openCircuits');
  parts.metrics.count('OpenCircuits', openCircuits);
  tellParked(parts.metrics, { ...parked, oldestRemovalSeconds: removal.seconds });
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

function notLookedAt(subscriptions: number): RelayError {
  const message = 'The time was up before what is parked was looked at for all subscriptions';
  return new RelayError('BATCH_UNFINISHED', message, { facts: { subscriptions } });
}

function unreadableLetter(delivery: DeliveryId): RelayError {
  return new RelayError('DELIVERY_STORE_UNAVAILABLE', 'A dead letter cannot be sent again as it is stored', { facts: { delivery } });
}

function sumOf(swept: readonly Swept[], name: keyof Swept): number {
  return swept.reduce((so, one) => so + one[name], 0);
}
