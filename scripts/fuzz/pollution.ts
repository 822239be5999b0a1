/** What everything inherits from. */
const prototypes: readonly object[] = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Number.prototype, Map.prototype, Promise.prototype]; // prettier-ignore

/** Says whether a prototype has got a member it did not have, and takes it away again. */
export class PollutionWatch {
  readonly #before = prototypes.map((prototype) => new Set(Reflect.ownKeys(prototype)));

  /** Names of what was added since the watch began, or since it was last asked. */
  added(): string[] {
    return prototypes.flatMap((prototype, index) => {
      const before = this.#before[index];
      const keys = Reflect.ownKeys(prototype);
      if (before === undefined || keys.length === before.size) return [];
      const extra = keys.filter((key) => !before.has(key));
      for (const key of extra) Reflect.deleteProperty(prototype, key);
      return extra.map(String);
    });
  }
}
