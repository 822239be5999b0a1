import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { GuardedState, Passage } from '#lib/lanes/stale-guard.ts';
import { withCalls } from '../deliver-harness.ts';
import { isRemoval } from './history.ts';
import { plantedBugsOfTime } from './planted-bugs-of-time.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Mistakes that somebody could make, one port call each: the property has to find every one. By what they break. */
export const plantedBugs = {
  ...plantedBugsOfTime,
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
  'lanes: what overtook is not looked for when a lane is worked': {
    plant: (stores) => {
      const { lanes } = stores;
      // Of one place it is asked whether what stands there was sent ahead; of more, the lane is looked over.
      const read: typeof lanes.read = async (lane, from, limit) => {
        const places = await lanes.read(lane, from, limit);
        return limit === 1 ? places : places.map((place) => ('message' in place ? { ...place, ahead: false } : place));
      };
      return { ...stores, lanes: withCalls(lanes, { read }) };
    },
    seenAs: /behind it/,
  },
  'lanes: an ordinary change is let ahead as a removal is': {
    plant: (stores) => {
      const { lanes } = stores;
      const asRemoval = (message: DeliveryMessage): DeliveryMessage =>
        isRemoval({ message }) ? message : { ...message, change: { ...message.change, type: 'identity.group.member_removed' } };
      return {
        ...stores,
        lanes: withCalls(lanes, {
          append: (lane, entry) => lanes.append(lane, { ...entry, removal: true }),
          read: async (lane, from, limit) =>
            (await lanes.read(lane, from, limit)).map((place) =>
              'message' in place ? { ...place, message: asRemoval(place.message) } : place,
            ),
        }),
      };
    },
    seenAs: /which waited before it/,
  },
  'lanes: a removal that is settled still counts as waiting': {
    plant: (stores) => {
      const { store } = stores;
      return {
        ...stores,
        store: withCalls(store, {
          find: async (id) => {
            const found = await store.find(id);
            return found === undefined || found.status === 'delivered' ? found : { ...found, status: 'parked' };
          },
        }),
      };
    },
    seenAs: /which waited before it/,
  },
  'lanes: a repeat is put behind its own place': {
    plant: (stores) => ({ ...stores, lanes: withCalls(stores.lanes, { positions: () => Promise.resolve([]) }) }),
    seenAs: /behind it|waited before it/,
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
  'parking: what is asked for at once keeps waiting for its time': {
    plant: (stores) => {
      const { lanes } = stores;
      // As if somebody had a token of it, who never comes: then only the time is left when that counts as lost.
      const hasten: typeof lanes.hasten = async (seen, at) => {
        const lane = await lanes.find(seen);
        if (lane === undefined || seen.token !== undefined) return lanes.hasten(seen, at);
        await lanes.issue(lane, { token: 'nobody', lostAt: lane.dueAt });
        return lanes.hasten({ ...seen, token: 'nobody' }, at);
      };
      return { ...stores, lanes: withCalls(lanes, { hasten }) };
    },
    seenAs: /asked for and not tried/,
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
  'guard: what was cut off before its second try counts as failed': {
    plant: (stores) => {
      const { endpoint } = stores;
      const reply: typeof endpoint.reply = (message, when) => {
        const { answer, ...reply } = endpoint.reply(message, when);
        const isSecond = answer.kind === 'answered' || answer.error === 'connection-refused';
        return { ...reply, answer: isSecond ? { ...answer, mayHaveArrived: false } : answer };
      };
      return { ...stores, endpoint: withCalls(endpoint, { reply }) };
    },
    seenAs: /stale/,
  },
  'guard: a lease that ran out leaves a doubt above its own sequence': {
    plant: (stores) => {
      const { guard } = stores;
      const begun = new Map<string, Passage>();
      const stateOf = ({ subscription, stateKey }: GuardedState): string => `${subscription} ${stateKey}`;
      return {
        ...stores,
        guard: withCalls(guard, {
          enter: async (passage) => {
            const lost = begun.get(stateOf(passage));
            const isInDoubt = lost !== undefined && lost.until <= passage.now && lost.lease !== passage.lease;
            // What it says of Okta's time begins with it in milliseconds.
            if (isInDoubt && Number(passage.sequence.slice(0, 13)) <= Number(lost.sequence.slice(0, 13)) + 3) return { kind: 'superseded' };
            const standing = await guard.enter(passage);
            if (standing.kind === 'open') begun.set(stateOf(passage), passage);
            return standing;
          },
          leave: async (passage, end) => {
            await guard.leave(passage, end);
            if (begun.get(stateOf(passage))?.lease === passage.lease) begun.delete(stateOf(passage));
          },
        }),
      };
    },
    seenAs: /superseded  for no reason/,
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
