/**
 * What an EventBridge schedule does: invokes a function each `intervalMs`, here never twice at a time. What it throws is told, and the next tick comes
 * all the same.
 */
export function startTicker(options: { intervalMs: number; invoke(): Promise<unknown>; onError(error: unknown): void }): {
  stop(): Promise<void>;
} {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= options
      .invoke()
      .then(() => undefined, options.onError)
      .finally(() => (running = undefined));
  }, options.intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
