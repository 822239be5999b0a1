/**
 * What is wrong with a filter and where. Thrown inside this folder only, because a parser fails deep in its recursion;
 * `parseFilter` hands it out as a value.
 */
export class FilterProblem extends Error {
  override readonly name = 'FilterProblem';
  /** Characters before the fault, counted from 0. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}
