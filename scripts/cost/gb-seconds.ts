import { type FunctionName, functionSettings } from '#lib/config/function-settings.ts';

/** What Lambda charges for a function that runs so often for so long. */
export function gbSeconds(name: FunctionName, invocations: number, ms: number): number {
  return (invocations * ms * functionSettings[name].memoryMb) / 1_000 / 1_024;
}
