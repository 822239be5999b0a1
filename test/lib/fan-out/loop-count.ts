import { performance } from 'node:perf_hooks';

/** How often the event loop has gone round, by libuv's own count. */
export function loopCount(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount;
}
