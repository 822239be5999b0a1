import { expect } from 'vitest';
import { provideLogSink } from '#lib/telemetry/wide-line.ts';
import { invoke, type FunctionName, type LambdaHandler } from '../../local/lambda.ts';
import { toldBy } from '../support/told-by.ts';

/** Handlers, with every line that they write. */
export class WatchedHandlers {
  readonly lines: string[] = [];
  readonly #handlers = new Map<FunctionName, LambdaHandler>();

  /** To be called when the environment has been provided. */
  async load(...names: FunctionName[]): Promise<void> {
    provideLogSink((line) => this.lines.push(line));
    for (const name of names) {
      const module = (await import(`../../functions/${name}/handler.ts`)) as { handler: LambdaHandler };
      this.#handlers.set(name, module.handler);
    }
  }

  /**
   * Answers what was written meanwhile. A handler that fails as a whole has written its line before; what it failed with belongs to it, for
   * Lambda writes that into the same log.
   */
  async run(name: FunctionName, event: unknown): Promise<string> {
    const handler = this.#handlers.get(name);
    if (handler === undefined) throw new Error(`no handler ${name}`);
    const before = this.lines.length;
    const thrown = await invoke(name, handler, event).then(() => '', toldBy);
    expect(this.lines.slice(before).some((line) => line.includes(`"function":"${name}"`))).toBe(true);
    return [...this.lines.slice(before), thrown].join('\n');
  }
}
