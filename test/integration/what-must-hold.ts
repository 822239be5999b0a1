import { expect } from 'vitest';
import { eventually } from '../support/relay-client.ts';
import type { HookStream } from './hook-stream.ts';
import type { RelayOnKafka } from './relay-on-kafka.ts';
import { untilSettled } from './until-settled.ts';

/** Changes that were answered 200 and have not arrived. */
export function missing(stream: HookStream, { receiver }: RelayOnKafka): string[] {
  const arrived = new Set(receiver.received.map(({ id }) => id));
  return stream.accepted.map(({ id }) => id).filter((id) => !arrived.has(id));
}

/**
 * Waits until every change that was answered 200 has arrived at the subscriber, or is recorded as superseded by a newer one, and then
 * until nothing more is on its way. The records are asked only while nothing arrives.
 * @returns the ids that did not arrive because they were superseded
 */
export async function everythingDelivered(stream: HookStream, relay: RelayOnKafka, deadlineMs: number): Promise<Set<string>> {
  const superseded = new Set<string>();
  let arrived = -1;
  await eventually(
    async () => {
      const isQuiet = relay.receiver.received.length === arrived;
      arrived = relay.receiver.received.length;
      const left = missing(stream, relay).filter((id) => !superseded.has(id));
      for (const id of isQuiet ? left : []) if (await relay.isSuperseded(id)) superseded.add(id);
      return left.filter((id) => !superseded.has(id)).length;
    },
    (left) => left === 0,
    { what: 'delivery of every change that was answered 200', deadlineMs, everyMs: 300 },
  );
  await untilSettled(relay, deadlineMs);
  return superseded;
}

/**
 * What the subscriber was sent, in the order it was sent, repeats included: of each piece of state never an older change after a
 * newer one; at the end what the sender sent last. And every signature is valid.
 */
export function expectNothingStale(stream: HookStream, { receiver }: RelayOnKafka): void {
  expect(
    receiver.received.every(({ verified }) => verified),
    'signatures',
  ).toBe(true);
  const byState = Map.groupBy(
    receiver.received.filter(({ change }) => change.statekey !== undefined),
    ({ change }) => change.statekey!,
  );
  const stale = [...byState].flatMap(([stateKey, arrivals]) =>
    arrivals.flatMap(({ change }, index) => {
      const before = arrivals[index - 1]?.change;
      if (before === undefined || (change.time >= before.time && change.sequence >= before.sequence)) return [];
      return [
        `${stateKey}: ${change.type} of ${change.time} (${change.sequence}) after ${before.type} of ${before.time} (${before.sequence})`,
      ];
    }),
  );
  expect(stale, 'stale state').toEqual([]);
  const final = new Map([...byState].map(([stateKey, arrivals]) => [stateKey, arrivals.at(-1)!.id]));
  expect(Object.fromEntries(final), 'final state').toEqual(Object.fromEntries(stream.finalState()));
}

/** Nothing that was not sent, and what was superseded only if it sets a state: facts count one by one. */
export function expectAccountedFor(stream: HookStream, relay: RelayOnKafka, superseded: ReadonlySet<string>): void {
  const sent = new Set(stream.accepted.map(({ id }) => id));
  expect(
    relay.receiver.received.filter(({ id }) => !sent.has(id)).map(({ id }) => id),
    'webhooks nobody sent',
  ).toEqual([]);
  expect(
    stream.accepted.filter(({ id, stateKey }) => superseded.has(id) && stateKey === undefined).map(({ id }) => id),
    'superseded without being a state',
  ).toEqual([]);
}
