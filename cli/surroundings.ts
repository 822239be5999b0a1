/** What a command has besides its settings. Lines that are printed are already free of secrets. */
export interface Surroundings {
  readonly print: (line: string) => void;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}
