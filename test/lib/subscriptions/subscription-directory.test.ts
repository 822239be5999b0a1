import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import { SubscriptionDirectory } from '#lib/subscriptions/subscription-directory.ts';
import type { Subscription, SubscriptionReader } from '#lib/subscriptions/subscription.ts';
import { storedSubscription } from './stored-subscription.ts';

const one = storedSubscription(1);
const two = storedSubscription(2);

/** A store in memory that counts reads, can hold them back and can be down. */
class CountingReader implements SubscriptionReader {
  stored: Subscription[] = [one];
  reads = 0;
  down = false;
  gate: Promise<void> = Promise.resolve();

  async all(): Promise<Subscription[]> {
    await this.#read();
    return [...this.stored];
  }
  async find(id: Subscription['id']): Promise<Subscription | undefined> {
    await this.#read();
    return this.stored.find((subscription) => subscription.id === id);
  }
  async #read(): Promise<void> {
    this.reads += 1;
    await this.gate;
    if (this.down) throw new RelayError('SUBSCRIPTION_STORE_UNAVAILABLE', 'down');
  }
}

describe('SubscriptionDirectory', () => {
  let nowMs: number;
  let reader: CountingReader;
  let directory: SubscriptionDirectory;
  beforeEach(() => {
    nowMs = 1_000_000;
    reader = new CountingReader();
    directory = new SubscriptionDirectory(reader, { now: () => new Date(nowMs), maxAgeMs: 2_000 });
  });

  it('reads once for many callers at once, and answers all of them', async () => {
    const answers = await Promise.all([directory.all(), directory.all(), directory.all()]);
    expect(answers).toEqual([[one], [one], [one]]);
    const found = await Promise.all([directory.find(one.id), directory.find(one.id)]);
    expect(found).toEqual([one, one]);
    expect(reader.reads).toBe(2);
  });

  it('gives the same array until it reads again', async () => {
    expect(await directory.all()).toBe(await directory.all());
  });

  it('keeps what it read for maxAgeMs and not longer', async () => {
    await directory.all();
    await directory.find(one.id);
    nowMs += 1_999;
    await directory.all();
    await directory.find(one.id);
    expect(reader.reads).toBe(2);
    nowMs += 1;
    reader.stored = [two];
    expect(await directory.all()).toEqual([two]);
    expect(await directory.find(one.id)).toBeUndefined();
  });

  it('counts the age from the beginning of the read', async () => {
    let open = () => {};
    reader.gate = new Promise((resolve) => (open = resolve));
    const slow = directory.all();
    nowMs += 1_500;
    open();
    await slow;
    nowMs += 500;
    await directory.all();
    expect(reader.reads).toBe(2);
  });

  it('answers "unknown" from the store only, never from memory', async () => {
    expect(await directory.find(two.id)).toBeUndefined();
    await directory.all();
    reader.stored = [one, two];
    expect(await directory.find(two.id)).toEqual(two);
  });

  it('throws when the store is down and what it knows is too old, and recovers with the store', async () => {
    await directory.all();
    await directory.find(one.id);
    reader.down = true;
    expect(await directory.all()).toEqual([one]);
    nowMs += 2_000;
    await expect(directory.all()).rejects.toMatchObject({ code: 'SUBSCRIPTION_STORE_UNAVAILABLE' });
    await expect(directory.find(one.id)).rejects.toMatchObject({ code: 'SUBSCRIPTION_STORE_UNAVAILABLE' });
    reader.down = false;
    expect(await directory.all()).toEqual([one]);
    expect(await directory.find(one.id)).toEqual(one);
  });

  it('forgets one on request', async () => {
    await directory.all();
    await directory.find(one.id);
    const disabled = storedSubscription(1, { status: 'disabled' });
    reader.stored = [disabled];
    directory.forget(one.id);
    expect(await directory.find(one.id)).toEqual(disabled);
    expect(await directory.all()).toEqual([disabled]);
  });

  it('keeps 1,000 found subscriptions at most, dropping the oldest', async () => {
    reader.stored = Array.from({ length: 1_001 }, (_, number) => storedSubscription(number));
    for (const { id } of reader.stored) await directory.find(id);
    expect(reader.reads).toBe(1_001);
    await directory.find(reader.stored[1_000]!.id);
    await directory.find(reader.stored[1]!.id);
    expect(reader.reads).toBe(1_001);
    await directory.find(reader.stored[0]!.id);
    expect(reader.reads).toBe(1_002);
  });
});
