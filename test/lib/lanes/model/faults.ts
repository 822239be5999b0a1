import { InMemoryLaneStore, type LaneRows } from '../../delivery/in-memory-lane-store.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What processes call, and what can be away. */
export const portNames = ['store', 'lanes', 'guard', 'subscriptions', 'limits', 'queue'] as const;
export type PortName = (typeof portNames)[number];

/** Calls that a fault can wait for: around each of them something can be left half done. */
export const faultyCalls = [
  'any',
  'store.claim',
  'store.settle',
  'store.park',
  'guard.enter',
  'guard.leave',
  'lanes.find',
  'lanes.park',
  'lanes.append',
  'lanes.read',
  'lanes.markAhead',
  'lanes.remove',
  'lanes.take',
  'lanes.seize',
  'lanes.release',
  'lanes.reopen',
  'subscriptions.claimProbe',
  'subscriptions.claimRemovalProbe',
  'subscriptions.close',
] as const;

/** `between`: of the two writes of a call that has two, the first was made. */
export type FaultMoment = 'before' | 'between' | 'after';

export interface Fault {
  readonly kind: 'crash' | 'stop' | 'error';
  readonly moment: FaultMoment;
  /** Of a `stop`. */
  readonly forMs: number;
}

/** What goes wrong, and when: by the number of calls from now, or for a while. */
export class Faults {
  readonly #time: VirtualTime;
  readonly #laneRows: LaneRows;
  readonly #down = new Map<PortName, number>();
  #planned: { inCalls: number; readonly call: string; readonly fault: Fault }[] = [];

  constructor(time: VirtualTime, laneRows: LaneRows) {
    this.#time = time;
    this.#laneRows = laneRows;
  }

  /** `call`: only such calls are counted. */
  plan(call: (typeof faultyCalls)[number], inCalls: number, fault: Fault): void {
    this.#planned.push({ inCalls, call, fault });
  }

  away(port: PortName, forMs: number): void {
    this.#down.set(port, this.#time.nowMs + forMs);
  }

  heal(): void {
    this.#planned = [];
    this.#down.clear();
  }

  /** For each call. */
  next(port: PortName, method: string): Fault | undefined {
    for (const planned of this.#planned) if (planned.call === 'any' || planned.call === `${port}.${method}`) planned.inCalls -= 1;
    const due = this.#planned.find(({ inCalls }) => inCalls < 0);
    if (due !== undefined) {
      this.#planned = this.#planned.filter((one) => one !== due);
      return due.fault;
    }
    return (this.#down.get(port) ?? 0) > this.#time.nowMs ? { kind: 'error', moment: 'before', forMs: 0 } : undefined;
  }

  /** Makes the first write of two, where a call has two. */
  async begin(port: PortName, method: string, args: readonly unknown[]): Promise<void> {
    if (port !== 'lanes' || (method !== 'park' && method !== 'append')) return;
    const dying = new InMemoryLaneStore({ rows: this.#laneRows, diesAtWrite: 2 });
    const call = dying[method].bind(dying) as (...args: readonly unknown[]) => Promise<unknown>;
    // It dies at its second write: that is what it is for.
    await call(...args).catch(() => undefined);
  }
}
