/**
 * Every text that something thrown holds, for a search: of Lambda's own line (class, message, stack, own properties) and of what else could be
 * made of it, hidden properties and causes included.
 */
export function toldBy(thrown: unknown): string {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const collect = (value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'symbol') texts.push(String(value));
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Error) texts.push(value.name, value.message);
    if (value instanceof Map || value instanceof Set) [...value].forEach(collect);
    for (const key of Reflect.ownKeys(value)) {
      collect(key);
      collect(Reflect.get(value, key));
    }
  };
  collect(thrown);
  return texts.join('\n');
}
