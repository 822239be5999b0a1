import type { Attempt, Delivery } from '../delivery/delivery.ts';

/** A delivery as callers see it, field by field. What there is none of and is seldom is left out. */
export function deliveryView(delivery: Delivery): object {
  const { id, subscription, org, change, type, user, status, reason, attempts, nextAttemptAt, replay, createdAt } = delivery;
  return {
    id,
    subscription,
    org,
    change,
    type,
    user,
    status,
    ...(reason === undefined ? {} : { reason }),
    createdAt,
    attempts: attempts.map(attemptView),
    nextAttemptAt,
    ...(replay === undefined ? {} : { replay }),
  };
}

function attemptView({ time, status, latencyMs, error, answer, probe }: Attempt): object {
  return { time, status, latencyMs, error, ...(answer === undefined ? {} : { answer }), ...(probe === undefined ? {} : { probe }) };
}
