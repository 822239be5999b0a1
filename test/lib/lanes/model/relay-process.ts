import { RelayError } from '#lib/errors.ts';
import type { Fault, Faults, PortName } from './faults.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface ProcessWorld {
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly chance: (sides: number) => number;
  readonly tell: (line: string) => void;
  /** A process is killed or stopped, or its call fails. */
  readonly interrupted: () => void;
}

const codes = {
  store: 'DELIVERY_STORE_UNAVAILABLE',
  lanes: 'DELIVERY_STORE_UNAVAILABLE',
  guard: 'DELIVERY_STORE_UNAVAILABLE',
  limits: 'DELIVERY_STORE_UNAVAILABLE',
  subscriptions: 'SUBSCRIPTION_STORE_UNAVAILABLE',
  queue: 'DELIVERY_QUEUE_UNAVAILABLE',
} as const;
const longestCallMs = 150;

/** A process that can be killed, or stopped and let go on, at any of its calls. What is killed never hears of anything again. */
export class RelayProcess {
  readonly name: string;
  isDead = false;
  /** It went on then, after having been stopped. */
  resumedAtMs = -Infinity;
  /** For each lane that it looked at, each delivery that it claimed, and that it took a turn for: when. */
  readonly lookedAtMs = new Map<string, number>();
  readonly claimedAtMs = new Map<string, number>();
  readonly enteredAtMs = new Map<string, number>();
  #stoppedUntilMs = 0;
  readonly #world: ProcessWorld;

  constructor(name: string, world: ProcessWorld) {
    this.name = name;
    this.#world = world;
  }

  /** The port as this process reaches it. */
  port<T extends object>(name: PortName, object: T): T {
    return new Proxy(object, {
      get: (target, method) => {
        const own: unknown = Reflect.get(target, method);
        if (typeof own !== 'function' || typeof method !== 'string') return own;
        return (...args: readonly unknown[]) =>
          this.#call({ port: name, method, args }, () => Reflect.apply(own, target, args) as Promise<unknown>);
      },
    });
  }

  /** Time goes by: never to return where the process was killed, and no sooner than it goes on where it was stopped. */
  async pass(ms: number): Promise<void> {
    const { time } = this.#world;
    await time.sleep(ms);
    while (this.#stoppedUntilMs > time.nowMs) await time.sleep(this.#stoppedUntilMs - time.nowMs);
    if (this.isDead) await new Promise<never>(() => undefined);
  }

  isStopped(): boolean {
    return this.#stoppedUntilMs > this.#world.time.nowMs;
  }

  async #call(
    { port, method, args }: { port: PortName; method: string; args: readonly unknown[] },
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    const { chance, faults } = this.#world;
    await this.pass(1 + chance(longestCallMs));
    const fault = faults.next(port, method);
    if (fault === undefined) {
      const answer = await work();
      if (chance(3) === 1) await this.pass(chance(longestCallMs));
      return answer;
    }
    this.#world.interrupted();
    this.#world.tell(`${this.name} ${fault.kind} ${fault.moment} ${port}.${method}`);
    if (fault.moment === 'between') await faults.begin(port, method, args);
    const answer = fault.moment === 'after' ? work() : undefined;
    await this.#suffer(fault, port);
    return answer ?? work();
  }

  async #suffer(fault: Fault, port: PortName): Promise<void> {
    if (fault.kind === 'error') throw new RelayError(codes[port], 'Away, as the script says');
    if (fault.kind === 'crash') this.isDead = true;
    else this.#stop(fault.forMs);
    await this.pass(0);
  }

  #stop(forMs: number): void {
    this.#stoppedUntilMs = this.#world.time.nowMs + forMs;
    this.resumedAtMs = this.#stoppedUntilMs;
  }
}
