import { withCalls } from '../deliver-harness.ts';
import type { Plant } from './simulation.ts';

export interface PlantedBug {
  readonly plant: Plant;
  /** What the claims say of it, at least once. */
  readonly seenAs: RegExp;
}

/** Mistakes that somebody could make, one port call each: the property has to find every one. By what they break. */
export const plantedBugs = {
  'lanes: a lane is opened although its tail has moved': {
    plant: (stores) => {
      const { lanes } = stores;
      return {
        ...stores,
        lanes: withCalls(lanes, {
          reopen: async (lane) => lanes.reopen({ ...lane, tail: (await lanes.find(lane))?.tail ?? lane.tail }),
        }),
      };
    },
    seenAs: /lost/,
  },
  'lanes: a lane that is laid down is opened': {
    plant: (stores) => {
      const { lanes } = stores;
      return {
        ...stores,
        lanes: withCalls(lanes, {
          release: async (lane, waiting) =>
            (await lanes.reopen({ ...lane, tail: (await lanes.find(lane))?.tail ?? 0 })) || lanes.release(lane, waiting),
        }),
      };
    },
    seenAs: /lost/,
  },
  'lanes: what is sent ahead of what failed is not marked': {
    plant: (stores) => ({ ...stores, lanes: withCalls(stores.lanes, { markAhead: () => Promise.resolve() }) }),
    seenAs: /behind it/,
  },
  'parking: a parked lane is taken for an open one': {
    plant: (stores) => ({ ...stores, lanes: withCalls(stores.lanes, { find: () => Promise.resolve(undefined) }) }),
    seenAs: /behind it|lost/,
  },
  'parking: the delivery that parks a lane is not kept': {
    plant: (stores) => {
      const { lanes } = stores;
      return {
        ...stores,
        lanes: withCalls(lanes, {
          park: async (request) => {
            const lane = await lanes.park(request);
            if (lane !== undefined) await lanes.remove(lane, 0);
            return lane;
          },
        }),
      };
    },
    seenAs: /lost/,
  },
  'parking: lanes that are due are not found': {
    plant: (stores) => ({ ...stores, lanes: withCalls(stores.lanes, { due: () => Promise.resolve([]) }) }),
    seenAs: /parked for ever/,
  },
  'guard: everything may pass': {
    plant: (stores) => ({
      ...stores,
      guard: withCalls(stores.guard, { look: () => Promise.resolve({ kind: 'open' }), enter: () => Promise.resolve({ kind: 'open' }) }),
    }),
    seenAs: /stale/,
  },
  'guard: what was sent and never answered counts as failed': {
    plant: (stores) => {
      const { guard } = stores;
      return { ...stores, guard: withCalls(guard, { leave: (passage, end) => guard.leave(passage, end === 'unknown' ? 'failed' : end) }) };
    },
    seenAs: /stale/,
  },
  'guard: a deletion leaves no mark': {
    plant: (stores) => ({ ...stores, guard: withCalls(stores.guard, { look: () => Promise.resolve({ kind: 'open' }) }) }),
    seenAs: /stale/,
  },
  'circuit: everybody gets the probe': {
    plant: (stores) => {
      const { subscriptions } = stores;
      return {
        ...stores,
        subscriptions: withCalls(subscriptions, { claimProbe: async (id, probe) => (await subscriptions.claimProbe(id, probe)) || true }),
      };
    },
    seenAs: /while its circuit was open/,
  },
  'circuit: what is open is seen as closed': {
    plant: (stores) => {
      const { subscriptions } = stores;
      return {
        ...stores,
        subscriptions: withCalls(subscriptions, {
          find: async (id) => {
            const found = await subscriptions.find(id);
            if (found !== undefined) delete found.circuit;
            return found;
          },
        }),
      };
    },
    seenAs: /while its circuit was open/,
  },
  'circuit: a probe counts as an attempt': {
    plant: (stores) => {
      const { store } = stores;
      return {
        ...stores,
        store: withCalls(store, {
          settle: ({ attempt, ...settlement }) => {
            const { probe: _, ...counted } = attempt ?? {};
            // Without its mark an attempt is still one.
            return store.settle(attempt === undefined ? settlement : { ...settlement, attempt: counted as typeof attempt });
          },
        }),
      };
    },
    seenAs: /a probe of .* was counted/,
  },
  'log: what is settled is claimed once more': {
    plant: (stores) => {
      const { store } = stores;
      const again = new Set<string>();
      return {
        ...stores,
        store: withCalls(store, {
          claim: async (request) => {
            const claim = await store.claim(request);
            if (claim.kind !== 'settled' || again.has(request.message.delivery)) return claim;
            again.add(request.message.delivery);
            return { kind: 'claimed', attempts: 0, refusals: 0, createdAt: request.now };
          },
        }),
      };
    },
    seenAs: /went out although it was/,
  },
} satisfies Record<string, PlantedBug>;
