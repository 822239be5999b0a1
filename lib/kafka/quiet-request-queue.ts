import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/**
 * kafkajs sets a timer after every response, to look whether requests wait behind a throttle. Where none was ever throttled it
 * computes the delay from -1 minus the time of day; Node 24 prints a TimeoutNegativeWarning for that and wakes up after 1 ms
 * for nothing (github.com/tulios/kafkajs/issues/1751). No setting avoids it. The timer matters only while something waits,
 * and a request that starts to wait sets it itself, so it is left out for an empty queue.
 */
// The original runs with the queue as `this`, below.
// eslint-disable-next-line @typescript-eslint/unbound-method
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this);
};
