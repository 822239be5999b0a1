import { ConditionalCheckFailedException, DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import type {
  Recovery,
  StatusChange,
  Subscription,
  SubscriptionChanges,
  SubscriptionId,
  SubscriptionStore,
} from '../subscriptions/subscription.ts';
import { ownedTextOf, recoveryAttribute, subscriptionKeyOf, type Item } from './subscription-item.ts';
import { appending, holdsEvent, writeSubscription, type SubscriptionTable, type Write } from './subscription-write.ts';
import { unavailable } from './unavailable.ts';

const circuitAttributeNames = ['circuitSince', 'circuitProbeAt', 'circuitProbes', 'circuitRemovalProbedAt'];
const notDeleted = '#status <> :deleted';

/** What the admin API and `sweep` do with a subscription that is there. Each is one conditional write. */
export function subscriptionChanges(store: SubscriptionTable): Pick<SubscriptionStore, 'change' | 'setStatus' | 'setRecovery' | 'purge'> {
  return {
    change: (seen, changes) => change(store, seen, changes),
    setStatus: (id, status) => setStatus(store, id, status),
    setRecovery: (id, recovery) => setRecovery(store, id, recovery),
    async purge(id) {
      const remove = new DeleteItemCommand({
        TableName: store.table,
        Key: subscriptionKeyOf(id),
        ConditionExpression: '#status = :deleted',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':deleted': { S: 'deleted' } },
      });
      await store.client.send(remove).catch((error: unknown) => {
        // Gone already, or never deleted: there is nothing to purge.
        if (!(error instanceof ConditionalCheckFailedException)) unavailable('SUBSCRIPTION_STORE_UNAVAILABLE', 'DeleteItem')(error);
      });
    },
  };
}

async function change(
  store: SubscriptionTable,
  seen: Subscription,
  { at, ...changes }: SubscriptionChanges & { at: Date },
): Promise<'changed' | 'conflict'> {
  // Null takes away; what is absent from `changes` stays.
  const given = Object.entries({ ...seen, ...changes }).filter(([, value]) => value !== null);
  // The entries are a subscription's own and those of its changes without their nulls, which is a subscription again.
  const text = ownedTextOf(Object.fromEntries(given) as Subscription);
  const updatedAt = new Date(Math.max(at.getTime(), Date.parse(seen.updatedAt) + 1)).toISOString();
  const written = await writeSubscription(store, seen.id, {
    when: ['updatedAt = :seen', notDeleted],
    set: ['subscription = :text', 'updatedAt = :updatedAt'],
    names: { '#status': 'status' },
    values: { ':seen': { S: seen.updatedAt }, ':text': { S: text }, ':updatedAt': { S: updatedAt }, ':deleted': { S: 'deleted' } },
  });
  if (written.kind === 'written') return 'changed';
  // The answer to our own write was lost and the SDK made it again.
  return written.found?.['updatedAt']?.S === updatedAt && written.found['subscription']?.S === text ? 'changed' : 'conflict';
}

async function setStatus(store: SubscriptionTable, id: SubscriptionId, status: StatusChange): Promise<boolean> {
  const write = statusWrite(status);
  const at = { ':at': { S: status.at.toISOString() } };
  const forward = await writeSubscription(store, id, {
    ...write,
    when: [...write.when, 'updatedAt < :at'],
    set: [...(write.set ?? []), 'updatedAt = :at'],
    values: { ...write.values, ...at },
  });
  if (forward.kind === 'written' || isOurs(forward.found, status)) return true;
  if (!status.from.some((from) => from === forward.found?.['status']?.S)) return false;
  // Clocks differ: what was updated a moment ahead of ours keeps its time, or `change` could take an old view for the newest.
  const beside = { ...write, when: [...write.when, 'updatedAt >= :at'], values: { ...write.values, ...at } };
  const written = await writeSubscription(store, id, beside);
  return written.kind === 'written' || isOurs(written.found, status);
}

function statusWrite(change: StatusChange): Write {
  const { status, from, pausedUntil, pausedSince, disabledReason, resumedAt, event, whileOpenSince, whileUpdatedAt } = change;
  const appended = appending(event);
  const times = { pausedUntil: pausedUntil?.toISOString(), pausedSince: pausedSince?.toISOString(), resumedAt: resumedAt?.toISOString() };
  const details = { ...times, disabledReason };
  const kept = Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const dropped = Object.keys(details).filter((name) => !kept.some(([keptName]) => keptName === name));
  return {
    when: [
      from.length === 0 ? '#status = :nowhere' : `#status IN (${from.map((_, index) => `:from${index}`).join(', ')})`,
      ...(whileOpenSince === undefined ? [] : ['circuitSince = :openSince']),
      ...(whileUpdatedAt === undefined ? [] : ['updatedAt = :seenAt']),
    ],
    set: ['#status = :status', ...kept.map(([name]) => `${name} = :${name}`), ...appended.set],
    remove: [...dropped, ...(status === 'paused' ? [] : circuitAttributeNames)],
    names: { '#status': 'status', ...appended.names },
    values: {
      ':status': { S: status },
      ...(from.length === 0 ? { ':nowhere': { S: '' } } : Object.fromEntries(from.map((one, index) => [`:from${index}`, { S: one }]))),
      ...(whileOpenSince === undefined ? {} : { ':openSince': { S: whileOpenSince } }),
      ...(whileUpdatedAt === undefined ? {} : { ':seenAt': { S: whileUpdatedAt } }),
      ...Object.fromEntries(kept.map(([name, value]) => [`:${name}`, { S: value }])),
      ...appended.values,
    },
  };
}

/** As `change`: an answer that was lost. The event names its write; without one the time and the status do. */
function isOurs(found: Item | undefined, { status, at, event }: StatusChange): boolean {
  if (event !== undefined) return holdsEvent(found, event);
  return found?.['status']?.S === status && found['updatedAt']?.S === at.toISOString();
}

async function setRecovery(
  store: SubscriptionTable,
  id: SubscriptionId,
  { seen, recovery }: { seen: Recovery | undefined; recovery: Recovery },
): Promise<boolean> {
  const cursor = seen?.cursor === undefined ? 'attribute_not_exists(recovery.#cursor)' : 'recovery.#cursor = :cursor';
  const from =
    seen === undefined
      ? '(attribute_not_exists(recovery) OR recovery.#status <> :running)'
      : `recovery.#id = :id AND recovery.#status = :running AND ${cursor}`;
  const written = await writeSubscription(store, id, {
    when: [notDeleted, from],
    set: ['recovery = :recovery'],
    names: { '#status': 'status', ...(seen === undefined ? {} : { '#id': 'id', '#cursor': 'cursor' }) },
    values: {
      ':deleted': { S: 'deleted' },
      ':recovery': recoveryAttribute(recovery),
      ':running': { S: 'running' },
      ...(seen === undefined ? {} : { ':id': { S: seen.id } }),
      ...(seen?.cursor === undefined ? {} : { ':cursor': { S: seen.cursor } }),
    },
  });
  // A beginning has an id of its own, so it knows itself; two that advance alike cannot be told apart, and one of them is refused.
  return written.kind === 'written' || (seen === undefined && written.found?.['recovery']?.M?.['id']?.S === recovery.id);
}
