import { deliveryRetentionDays, type DeliveryMessage } from '../delivery/delivery.ts';
import { fixedAttributesOf, type Item } from './delivery-item.ts';

const daySeconds = 24 * 60 * 60;

interface UpdateParts {
  /** Assignments for the SET of an update. */
  readonly sets: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

/** What every write that may be a delivery's first has in common: it makes the record where there is none, and keeps it for the retention from now. */
export function recordParts(message: DeliveryMessage, now: Date): UpdateParts {
  const fixed = Object.entries(fixedAttributesOf(message, now));
  const expiresAt = Math.floor(now.getTime() / 1_000) + deliveryRetentionDays * daySeconds;
  return {
    sets: [
      'expiresAt = :expiresAt',
      'attempts = if_not_exists(attempts, :none)',
      'attemptCount = if_not_exists(attemptCount, :zero)',
      'refusalCount = if_not_exists(refusalCount, :zero)',
      ...fixed.map((_, index) => `#f${index} = if_not_exists(#f${index}, :f${index})`),
    ],
    names: Object.fromEntries(fixed.map(([name], index) => [`#f${index}`, name])),
    values: {
      ':expiresAt': { N: String(expiresAt) },
      ':none': { L: [] },
      ':zero': { N: '0' },
      ...Object.fromEntries(fixed.map(([, value], index) => [`:f${index}`, value])),
    },
  };
}
