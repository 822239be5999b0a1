import { withCalls } from '../deliver-harness.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Mistakes about when and how often, which are seen where nothing else went wrong. */
export const plantedBugsOfTime = {
  'limits: there is always room': {
    plant: (stores) => ({
      ...stores,
      limits: withCalls(stores.limits, {
        lease: (_, { want }) => Promise.resolve({ ...want, lacking: [] }),
        carry: () => Promise.resolve(0),
      }),
    }),
    seenAs: /requests to . at once/,
  },
  'log: what is accepted is first written down as waiting': {
    plant: (stores) => {
      const { store } = stores;
      const seen = new Set<string>();
      const settle: typeof store.settle = async (settlement) => {
        if (settlement.status !== 'delivered' || seen.has(settlement.id)) return store.settle(settlement);
        seen.add(settlement.id);
        const nextAttemptAt = new Date(Date.parse(settlement.attempt?.time ?? '') + 5_000);
        await store.settle({ ...settlement, status: 'pending', nextAttemptAt });
        return 'lost';
      };
      return { ...stores, store: withCalls(store, { settle }) };
    },
    seenAs: /went out although it was accepted before/,
  },
  'parking: what waits in a lane is worked as if somebody had just asked for it': {
    plant: (stores) => {
      const { lanes } = stores;
      const hastenedAt = new Date('2030-01-01T00:00:00.000Z');
      return {
        ...stores,
        lanes: withCalls(lanes, {
          seize: async (lane, release) => {
            const seized = await lanes.seize(lane, release);
            return seized === undefined ? undefined : { ...seized, hastenedAt };
          },
        }),
      };
    },
    seenAs: /before its next attempt was due/,
  },
  'parking: a removal waits for the time of its head': {
    plant: (stores) => ({ ...stores, lanes: withCalls(stores.lanes, { seize: () => Promise.resolve(undefined) }) }),
    seenAs: /is a removal and was not tried/,
  },
  'circuit: removals are not probed for beside the schedule': {
    plant: (stores) => ({
      ...stores,
      subscriptions: withCalls(stores.subscriptions, { claimRemovalProbe: () => Promise.resolve(false) }),
    }),
    seenAs: /its lane was not probed/,
  },
  'circuit: probes for removals are made whenever somebody looks': {
    plant: (stores) => {
      const { subscriptions } = stores;
      // As if the one before had been long ago, and had left no trace.
      const all: typeof subscriptions.all = async () => {
        const found = await subscriptions.all();
        for (const { circuit } of found) delete circuit?.removalProbedAt;
        return found;
      };
      return { ...stores, subscriptions: withCalls(subscriptions, { all, claimRemovalProbe: () => Promise.resolve(true) }) };
    },
    seenAs: /while its circuit was open/,
  },
} satisfies Record<string, PlantedBug>;
