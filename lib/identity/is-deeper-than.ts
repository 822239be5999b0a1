/**
 * Whether a value out of JSON.parse is nested deeper than that. JSON.parse reads any depth; what recurses over the value afterwards
 * (JSON.stringify, String, a schema that compares a `length`) overflows the stack at a few thousand levels.
 */
export function isDeeperThan(depth: number, root: unknown): boolean {
  // Level by level instead of by recursion, which is what must not happen here.
  let level = [root].filter(isObject);
  for (let reached = 1; level.length > 0; reached += 1) {
    if (reached > depth) return true;
    level = level.flatMap((parent) => Object.values(parent).filter(isObject));
  }
  return false;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Levels of nesting that anything the relay reads may have; Okta's own events have about six, and a message wraps a change in two. */
export const maxJsonDepth = 110;
