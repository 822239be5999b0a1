import { WebhookReceiver, type Received } from '../support/webhook-receiver.ts';

class Arrivals extends Array<Received> {
  /** What `filter` and its like make of it is a plain list. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Ids of live webhooks, with the time of the first arrival by `performance.now()`. */
  readonly liveAtMs = new Map<string, number>();

  override push(...webhooks: Received[]): number {
    for (const webhook of webhooks) {
      if (!isReplayed(webhook) && !this.liveAtMs.has(webhook.id)) this.liveAtMs.set(webhook.id, performance.now());
    }
    return super.push(...webhooks);
  }
}

/** A subscriber that knows when each webhook came. */
export class TimedReceiver extends WebhookReceiver {
  override readonly received = new Arrivals();
}

export function isReplayed({ headers }: Received): boolean {
  return headers['relay-replay'] !== undefined;
}
