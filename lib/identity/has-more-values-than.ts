/**
 * Whether a value out of JSON.parse has more members and elements than that, at all its levels together. Asked before a schema is: one that meets
 * half a million elements of the wrong kind, which a megabyte has room for, makes half a million problems of them and half a gigabyte of memory.
 */
export function hasMoreValuesThan(most: number, root: unknown): boolean {
  const open = [root];
  let left = most;
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const inner: readonly unknown[] = Object.values(value);
    left -= inner.length;
    if (left < 0) return true;
    // What is no container has nothing in it, and `undefined`, which JSON has not, would end the loop.
    for (const one of inner) if (typeof one === 'object' && one !== null) open.push(one);
  }
  return false;
}

/**
 * Members and elements that a change may have. Each comparison of a filter looks at each of them once at most, and once at each letter of its texts: most
 * of what a filter costs is bounded by this; a `co` with a long value costs as many steps for each letter as the value has, in the worst case. The rest is bounded by
 * counting (lib/subscriptions/scim-filter/filter-work.ts). Okta's own events have some hundred, and 256 KiB of members as long as theirs are about 9,000.
 */
export const maxChangeValues = 10_000;

/** And what the relay reads of a change with what it is wrapped in. */
export const maxJsonValues = 10_100;
