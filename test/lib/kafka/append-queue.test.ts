import { describe, expect, it } from 'vitest';
import { AppendQueue, type WriteGroup } from '#lib/kafka/append-queue.ts';

/** A write that is finished by hand, one call after the other. */
function writes() {
  const groups: string[][] = [];
  const open: { resolve(): void; reject(error: Error): void }[] = [];
  const write: WriteGroup<string> = (records) =>
    new Promise((resolve, reject) => {
      groups.push([...records]);
      open.push({ resolve, reject });
    });
  const next = () => open.shift()!;
  return { groups, write, next };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const queueOf = (write: WriteGroup<string>) => new AppendQueue<string>({ maxGroupBytes: 10, bytesOf: (record) => record.length, write });

describe('AppendQueue', () => {
  it('writes one group at a time and puts together what came meanwhile', async () => {
    const { groups, write, next } = writes();
    const queue = queueOf(write);
    const appends = ['a', 'b', 'c'].map((record) => queue.append([record], 1_000));
    expect(groups).toEqual([['a']]);
    next().resolve();
    await settled();
    expect(groups).toEqual([['a'], ['b', 'c']]);
    next().resolve();
    await Promise.all(appends);
  });

  it('cuts a large append into groups, and ends it with the last of them', async () => {
    const { groups, write, next } = writes();
    const append = queueOf(write).append(['12345', '6789', 'abcdef', 'more than ten bytes', 'x'], 1_000);
    for (let group = 0; group < 4; group += 1) {
      next().resolve();
      await settled();
    }
    await append;
    expect(groups).toEqual([['12345', '6789'], ['abcdef'], ['more than ten bytes'], ['x']]);
  });

  it('fails all that were written together, and goes on with the next', async () => {
    const { groups, write, next } = writes();
    const queue = queueOf(write);
    const [first, second, third] = [queue.append(['a'], 1_000), queue.append(['b', 'cccccccccc'], 1_000), queue.append(['d'], 1_000)];
    next().resolve();
    await first;
    await settled();
    next().reject(new Error('no'));
    await expect(second).rejects.toThrow('no');
    await settled();
    next().resolve();
    await third;
    expect(groups).toEqual([['a'], ['b'], ['d']]);
  });

  it('never begins an append whose time is over', async () => {
    const { groups, write, next } = writes();
    const queue = queueOf(write);
    const first = queue.append(['a'], 1_000);
    await expect(queue.append(['late'], 1)).rejects.toMatchObject({ name: 'DeadlinePassed' });
    next().resolve();
    await first;
    await settled();
    expect(groups).toEqual([['a']]);
  });
});
