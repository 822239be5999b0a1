import type { RelayFunction } from './constructs/relay-function.ts';
import type { Places } from './settings.ts';
import type { Stage } from './stages.ts';

/** From Okta to Kafka, by the spool when Kafka is out of reach. */
export function takeIn(receiveHook: RelayFunction, respool: RelayFunction, places: Places, stage: Stage): void {
  const { changes, changeSpool, quarantine, stores } = places;
  stores.grantCheckHooks(receiveHook.role);
  quarantine.grantKeep(receiveHook.role);
  changes.grantAppend(receiveHook);
  changeSpool.grantSend(receiveHook.role);
  // A version is made when the template changes, and the brokers' addresses are not in the template.
  receiveHook.function.invalidateVersionBasedOn(changes.brokersSettledBy);

  quarantine.grantKeep(respool.role);
  changes.grantAppend(respool);
  changeSpool.feed(respool, stage.respool);
}

/** From Kafka to the subscribers. */
export function deliverOut(fanOut: RelayFunction, deliver: RelayFunction, places: Places, stage: Stage): void {
  const { changes, deliveries, quarantine, stores } = places;
  stores.grantMatchSubscriptions(fanOut.role);
  quarantine.grantKeep(fanOut.role);
  deliveries.grantSend(fanOut.role);
  changes.feed(fanOut, stage.fanOut);

  stores.grantSettleDeliveries(deliver.role);
  quarantine.grantKeep(deliver.role);
  deliveries.feed(deliver, stage.deliver);
}

/** What waits outside the queues goes back to the one it came from. */
export function wakeUp(sweep: RelayFunction, { stores, deliveries, replayDeliveries }: Places): void {
  stores.grantSweep(sweep.role);
  deliveries.grantSend(sweep.role);
  replayDeliveries.grantSend(sweep.role);
}

/** From Kafka to one subscriber once more, beside the live deliveries and not among them. */
export function sendAgain(replay: RelayFunction, deliver: RelayFunction, places: Places, stage: Stage): void {
  const { changes, replays, replayDeliveries, stores } = places;
  stores.grantReplay(replay.role);
  changes.grantReadRange(replay);
  replayDeliveries.grantSend(replay.role);
  replays.feed(replay, { maximumConcurrency: 2 });
  replayDeliveries.feed(deliver, { ...stage.replay, id: 'ReplayedMessages' });
}

/** What people and scripts ask for. */
export function administer(admin: RelayFunction, { stores, quarantine, replays, deliveries, replayDeliveries }: Places): void {
  stores.grantAdminister(admin.role);
  quarantine.grantList(admin.role);
  replays.grantSend(admin.role);
  // A test of a subscription, and what is redelivered by hand.
  deliveries.grantSend(admin.role);
  replayDeliveries.grantSend(admin.role);
}
