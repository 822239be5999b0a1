import type { Plant } from './simulation.ts';

export interface PlantedBug {
  readonly plant: Plant;
  /** What the claims say of it, at least once. */
  readonly seenAs: RegExp;
}
