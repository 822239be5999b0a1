import { longestAttemptLog } from '#lib/delivery/delivery.ts';
import { failureSchedule } from '#lib/webhooks/retry-schedule.ts';
import { hasYielded } from './claims-of-order.ts';
import { hasNewer } from './claims-of-staleness.ts';
import { nameOf, type Accepted } from './history.ts';
import type { Simulation } from './simulation.ts';

const lifetimeMs = 7 * 24 * 60 * 60_000;

/** Each end has happened for what it says. */
export function unfoundedEnds({ history, observed, time, subscriptions }: Simulation, one: Accepted): string[] {
  const { message } = one;
  const row = observed.deliveries.rows.get(message.delivery);
  if (row === undefined) return [];
  const sends = history.sendsOf(message.delivery);
  const counted = row.attempts.filter(({ probe }) => probe !== true);
  const refusals = counted.filter(({ status }) => status !== null && [400, 404, 409, 413, 422].includes(status));
  const schedule = scheduleOf(subscriptions, message.subscription);
  const holds = (): boolean => {
    if (row.status === 'delivered') return sends.some(({ end }) => end === 'accepted');
    if (row.status === 'cancelled') return history.deleted.has(message.subscription);
    if (row.status === 'superseded') return hasNewer(history, message, history.recorded.get(message.delivery)?.order ?? 0);
    switch (row.reason) {
      case 'gone':
        return sends.some(({ end }) => end === 'gone');
      case 'subscription-disabled':
        return history.disabled.has(message.subscription);
      case 'expired':
        return time.nowMs - Date.parse(row.createdAt) > lifetimeMs;
      case 'exhausted':
        // A log that is full keeps no more than its newest attempt of those that followed: then what went out has to tell.
        if (row.attempts.length >= longestAttemptLog)
          return sends.length >= schedule || sends.filter(({ end }) => end === 'refused').length >= 3;
        return counted.length === schedule || refusals.length === 3;
      case 'yielded':
        return hasYielded(history, one);
      default:
        return false;
    }
  };
  return [
    ...(holds() ? [] : [`${nameOf(message)} is ${row.status} ${row.reason ?? ''} for no reason`]),
    ...(counted.length > schedule ? [`${nameOf(message)} was attempted ${counted.length} times`] : []),
  ];
}

function scheduleOf(subscriptions: Simulation['subscriptions'], id: string): number {
  const retrySeconds = subscriptions.find((one) => one.id === id)?.retrySeconds;
  return retrySeconds === undefined ? failureSchedule.length : retrySeconds.length + 1;
}
