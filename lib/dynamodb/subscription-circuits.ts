import type { Circuit, CircuitStore, OperatorEvent, SubscriptionId } from '../subscriptions/subscription.ts';
import type { Item } from './subscription-item.ts';
import { appending, holdsEvent, toldAtOf, writeSubscription, type SubscriptionTable } from './subscription-write.ts';

/** DynamoDB takes 300 operators in an expression; each event costs a handful. */
const toldAtOnce = 25;

/** Transitions of circuits, written into the subscription's own item: one conditional write each, and none while nothing changes. */
export function subscriptionCircuits(store: SubscriptionTable): CircuitStore {
  return {
    async open(id, { at, probeAt, event }) {
      const appended = appending(event);
      const written = await writeSubscription(store, id, {
        when: ['#status = :active', 'attribute_not_exists(circuitSince)'],
        set: ['circuitSince = :since', 'circuitProbeAt = :probeAt', 'circuitProbes = :none', ...appended.set],
        // A version of the relay that did not know it may have closed the circuit before.
        remove: ['circuitRemovalProbedAt'],
        names: { '#status': 'status', ...appended.names },
        values: {
          ':active': { S: 'active' },
          ':since': { S: at.toISOString() },
          ':probeAt': { S: probeAt.toISOString() },
          ':none': { N: '0' },
          ...appended.values,
        },
      });
      return written.kind === 'written' || holdsEvent(written.found, event);
    },

    async claimProbe(id, { seen, nextProbeAt }) {
      const written = await writeSubscription(store, id, {
        when: ['#status = :active', ...unprobedSince(seen).when],
        set: ['circuitProbeAt = :next', 'circuitProbes = circuitProbes + :one'],
        names: { '#status': 'status' },
        values: {
          ':active': { S: 'active' },
          ':next': { S: nextProbeAt.toISOString() },
          ':one': { N: '1' },
          ...unprobedSince(seen).values,
        },
      });
      return written.kind === 'written';
    },

    async claimRemovalProbe(id, { seen, at }) {
      const written = await writeSubscription(store, id, {
        when: ['#status = :active', ...unprobedSince(seen).when],
        set: ['circuitRemovalProbedAt = :at'],
        names: { '#status': 'status' },
        values: { ':active': { S: 'active' }, ':at': { S: at.toISOString() }, ...unprobedSince(seen).values },
      });
      return written.kind === 'written';
    },

    async close(id, { since, event }) {
      const appended = appending(event);
      const written = await writeSubscription(store, id, {
        when: ['#status IN (:active, :paused)', 'circuitSince = :since'],
        set: appended.set,
        remove: ['circuitSince', 'circuitProbeAt', 'circuitProbes', 'circuitRemovalProbedAt'],
        names: { '#status': 'status', ...appended.names },
        values: { ':active': { S: 'active' }, ':paused': { S: 'paused' }, ':since': { S: since }, ...appended.values },
      });
      return written.kind === 'written' || holdsEvent(written.found, event);
    },

    async tell(id, event, quietMs) {
      const appended = appending(event);
      const quietSince = new Date(Date.parse(event.at) - quietMs).toISOString();
      const written = await writeSubscription(store, id, {
        when: ['#status <> :deleted', '(attribute_not_exists(#toldAt) OR #toldAt < :quietSince)'],
        set: appended.set,
        names: { '#status': 'status', ...appended.names, '#toldAt': toldAtOf(event.kind) },
        values: { ':deleted': { S: 'deleted' }, ':quietSince': { S: quietSince }, ...appended.values },
      });
      return written.kind === 'written' || holdsEvent(written.found, event);
    },

    async told(id, events) {
      for (let from = 0; from < events.length; from += toldAtOnce) {
        // Whoever took them before us, or is ahead of us, has sent them too: there is nothing left to do.
        if (!(await takeAway(store, id, events.slice(from, from + toldAtOnce)))) return;
      }
    },
  };
}

/** Whoever takes a probe, of either kind, moves one of these. */
function unprobedSince({ since, probeAt, removalProbedAt }: Circuit): { readonly when: readonly string[]; readonly values: Item } {
  const unmoved =
    removalProbedAt === undefined ? 'attribute_not_exists(circuitRemovalProbedAt)' : 'circuitRemovalProbedAt = :removalProbedAt';
  return {
    when: ['circuitSince = :since', 'circuitProbeAt = :probeAt', unmoved],
    values: {
      ':since': { S: since },
      ':probeAt': { S: probeAt },
      ...(removalProbedAt === undefined ? {} : { ':removalProbedAt': { S: removalProbedAt } }),
    },
  };
}

async function takeAway(store: SubscriptionTable, id: SubscriptionId, events: readonly OperatorEvent[]): Promise<boolean> {
  const written = await writeSubscription(store, id, {
    when: events.map((_, index) => `operatorEvents[${index}].#id = :id${index}`),
    // The last first: the others keep their places, whichever way the store works an expression off.
    remove: events.map((_, index) => `operatorEvents[${index}]`).toReversed(),
    names: { '#id': 'id' },
    values: Object.fromEntries(events.map((event, index) => [`:id${index}`, { S: event.id }])),
  });
  return written.kind === 'written';
}
