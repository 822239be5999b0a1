import type { FunctionName } from '#lib/config/function-settings.ts';

/**
 * The largest a bundle may be, minified, in KB of 1,024 bytes, as esbuild and Lambda count: it is what a cold start reads and compiles. Those that talk to Kafka
 * themselves carry kafkajs, 270 KB, which comes in one piece.
 */
const limitsKb: Partial<Record<FunctionName, number>> = {
  'receive-hook': 800,
  respool: 800,
  replay: 800,
  // Every use-case of the API; nothing waits for it but a person.
  admin: 500,
};
const otherwiseKb = 400;

export function limitKb(name: FunctionName): number {
  return limitsKb[name] ?? otherwiseKb;
}
