/** What everything inherits from, and what parsers are made of. */
const prototypes: readonly object[] = [
  ...[Object, Array, Function, String, Number, Boolean, Map, Set, Promise, RegExp, Date, Error, Uint8Array].map(({ prototype }) => prototype as object),
  // The members of a Uint8Array are those of all typed arrays.
  Object.getPrototypeOf(Uint8Array.prototype) as object,
]; // prettier-ignore

/** The members of an object as they are: a getter is not asked. */
type Members = ReadonlyMap<PropertyKey, PropertyDescriptor>;

const membersOf = (prototype: object): Members =>
  new Map(Reflect.ownKeys(prototype).map((key) => [key, Reflect.getOwnPropertyDescriptor(prototype, key) ?? {}]));

/** Says whether a prototype has got a member it did not have, lost one or has another in its place, and puts it right again. */
export class PollutionWatch {
  readonly #before = prototypes.map((prototype) => ({ prototype, members: membersOf(prototype) }));

  /** Names of what was added, taken away or replaced since the watch began, or since it was last asked. */
  changed(): string[] {
    return this.#before.flatMap(({ prototype, members }) => {
      const keys = Reflect.ownKeys(prototype);
      const added = keys.filter((key) => !members.has(key));
      for (const key of added) Reflect.deleteProperty(prototype, key);
      const replaced = [...members].filter(([key, member]) => !isSame(Reflect.getOwnPropertyDescriptor(prototype, key), member));
      for (const [key, member] of replaced) Reflect.defineProperty(prototype, key, member);
      return [...added, ...replaced.map(([key]) => key)].map(String);
    });
  }
}

function isSame(now: PropertyDescriptor | undefined, before: PropertyDescriptor): boolean {
  if (now === undefined) return false;
  if (!Object.is(now.value, before.value) || now.get !== before.get || now.set !== before.set) return false;
  return now.writable === before.writable && now.enumerable === before.enumerable && now.configurable === before.configurable;
}
