import { InMemoryDeliveryStore } from '../../delivery/in-memory-delivery-store.ts';
import { InMemoryLaneStore, LaneRows } from '../../delivery/in-memory-lane-store.ts';
import { InMemoryLimitStore } from '../../pacing/in-memory-limit-store.ts';
import { InMemoryStaleGuard } from '../in-memory-stale-guard.ts';
import { withCalls } from '../deliver-harness.ts';
import { InMemorySubscriptionStore } from '../../subscriptions/in-memory-subscription-store.ts';
import { isRemoval, type Accepted, type History } from './history.ts';
import { ScriptedEndpoint } from './scripted-endpoint.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The stores that all processes share, and the endpoints that they send to. A planted bug takes the place of one of their calls. */
export type SharedStores = ReturnType<typeof observedStores>['stores'];

/** They write down what takes effect, whoever asked for it. */
export function observedStores(time: VirtualTime, history: History) {
  const deliveries = new InMemoryDeliveryStore({ now: time.now });
  const laneRows = new LaneRows();
  const lanes = new InMemoryLaneStore({ rows: laneRows });
  const guard = new InMemoryStaleGuard();
  const subscriptions = new InMemorySubscriptionStore();
  const openingOf = (id: string) =>
    history.openings.findLast(({ subscription, closedAtMs }) => subscription === id && closedAtMs === undefined);
  const tell = (line: string) => history.tell(time.nowMs, line);
  const ended = (id: string): void => {
    const opening = openingOf(id);
    if (opening !== undefined) opening.closedAtMs = time.nowMs;
  };
  const stores = {
    store: withCalls(deliveries, {
      settle: async (settlement) => {
        const settled = await deliveries.settle(settlement);
        if (settled === 'settled') history.record(settlement.id, settlement.status);
        return settled;
      },
    }),
    lanes,
    guard: withCalls(guard, {
      enter: async (passage) => {
        const standing = await guard.enter(passage);
        if (standing.kind === 'open') history.begin(passage);
        return standing;
      },
      leave: async (passage, end) => {
        await guard.leave(passage, end);
        if (end === 'failed') history.undo(passage);
      },
    }),
    endpoint: new ScriptedEndpoint(),
    limits: new InMemoryLimitStore(),
    subscriptions: withCalls(subscriptions, {
      open: async (id, opening) => {
        const opened = await subscriptions.open(id, opening);
        if (opened)
          history.openings.push({
            subscription: id,
            openedAtMs: time.nowMs,
            closedAtMs: undefined,
            probes: 0,
            sent: [],
            interruptions: 0,
          });
        if (opened) tell(`circuit of ${id.slice(-1)} opens`);
        if (opened) history.turn(id);
        return opened;
      },
      claimProbe: async (id, probe) => {
        const claimed = await subscriptions.claimProbe(id, probe);
        const opening = openingOf(id);
        if (claimed && opening !== undefined) opening.probes += 1;
        if (claimed) tell(`probe of ${id.slice(-1)} claimed`);
        return claimed;
      },
      claimRemovalProbe: async (id, probe) => {
        const claimed = await subscriptions.claimRemovalProbe(id, probe);
        const opening = openingOf(id);
        if (claimed && opening !== undefined) opening.probes += 1;
        if (claimed) tell(`probe of ${id.slice(-1)} claimed for a removal`);
        return claimed;
      },
      close: async (id, closing) => {
        const closed = await subscriptions.close(id, closing);
        if (closed) tell(`circuit of ${id.slice(-1)} closes`);
        if (closed) ended(id);
        if (closed) history.turn(id);
        return closed;
      },
      setStatus: async (id, change) => {
        const changed = await subscriptions.setStatus(id, change);
        if (!changed) return false;
        tell(`subscription ${id.slice(-1)} is ${change.status}`);
        history.turn(id);
        if (change.status !== 'paused') ended(id);
        if (change.status === 'disabled') history.disabled.add(id);
        if (change.status === 'deleted') history.deleted.add(id);
        return true;
      },
    }),
  };
  const scheduleOf = (delivery: string) => {
    const { nextAttemptAt = null, attempts = [] } = deliveries.rows.get(delivery) ?? {};
    const lastAttemptMs = Date.parse(attempts.at(-1)?.time ?? '');
    return { nextAttemptMs: nextAttemptAt === null ? undefined : Date.parse(nextAttemptAt), lastAttemptMs };
  };
  return { stores, deliveries, laneRows, scheduleOf, removalIn: (lane: string) => lastRemoval(lanes, history, lane) };
}

/** The last removal that stands in a lane and is not settled; -1: none does. */
async function lastRemoval(lanes: InMemoryLaneStore, { accepted, recorded }: History, name: Accepted['lane']): Promise<number> {
  const [queue, group = ''] = name.split(' ');
  const lane = await lanes.find({ queue: queue === 'deliveries' ? 'deliveries' : 'replayDeliveries', group });
  const places = lane === undefined ? [] : await lanes.read(lane, 0, Infinity);
  const waiting = places
    .flatMap((place) => ('message' in place && isRemoval(place) ? [place.message.delivery] : []))
    .filter((delivery) => !recorded.has(delivery))
    .map((delivery) => accepted.get(delivery)?.position ?? -1);
  return Math.max(-1, ...waiting);
}
