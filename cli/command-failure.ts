/** What a command could not do, in words for whoever typed it. `advice` is what to look at, a line each. Nothing secret is in either. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly advice: readonly string[];

  constructor(message: string, advice: readonly string[] = [], options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.advice = advice;
  }
}
