/**
 * What a filter may still do, in units; negative once it wanted more, and then its answer means nothing. Counted and not timed, so that the same
 * filter over the same change ends in the same way on any machine, however busy. A unit took 11 ns at most on the machine that docs/security.md
 * names, for every kind of work that was measured there.
 */
export interface FilterWork {
  left: number;
}

export function unlimitedWork(): FilterWork {
  return { left: Infinity };
}

/** Takes units off. False once there were not as many: what they were for is then not to be done. */
export function spend(work: FilterWork, units: number): boolean {
  work.left -= units;
  return work.left >= 0;
}

/** One name of a path, asked of so many values. */
export function stepUnits(values: number): number {
  return 30 + 8 * values;
}

/** A name looked for among an object's own; where they are as long as it is, they are compared. */
export function namesUnits(names: number, wantedLength: number): number {
  return names * (2 + (wantedLength >> 3));
}

/** A text made lower-case and compared; letters such as `İ` take 20 ns each. */
export function textUnits(text: string): number {
  return 2 * text.length;
}

/** A text in a text: the worst of them have each of one compared with each of the other. */
export function searchUnits(text: string, wanted: string): number {
  return textUnits(text) + Math.ceil((text.length * wanted.length) / 20);
}
