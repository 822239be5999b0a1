export interface Bench {
  /** As it is asked for: `npm run bench -- <name>`. */
  readonly name: string;
  /** What it measures, in a sentence. */
  readonly about: string;
  /** Measures and prints. `args` are the words after the name. */
  run(args: readonly string[]): Promise<void>;
}
