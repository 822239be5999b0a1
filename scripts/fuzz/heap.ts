import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use once everything that can go is gone. */
export function heapInUse(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** The most this process ever had in memory. */
export function peakRssBytes(): number {
  // Linux and macOS count in KiB here, as Node documents.
  return process.resourceUsage().maxRSS * 1_024;
}
