import type { DeliveryId } from '../delivery/delivery.ts';
import type { ParkedDelivery, TriedPart } from '../delivery/lane-store.ts';

/** What a worker of a lane has behind it, and what waits there: tried by himself and not through, or laid down as tried by another. */
export class FailingPart {
  #tried: TriedPart | undefined;
  /** In order. */
  readonly #failing = new Map<DeliveryId, { readonly position: number; readonly dueAt: Date }>();

  isEmpty(): boolean {
    return this.#failing.size === 0 && this.#tried === undefined;
  }

  /** It waits, and is not looked at. */
  skip(tried: TriedPart): void {
    this.#tried = tried;
  }

  add({ position, message }: ParkedDelivery, dueAt: Date): void {
    if (!this.#failing.has(message.delivery)) this.#failing.set(message.delivery, { position, dueAt });
  }

  /** When a delivery that was added is due. */
  dueOf({ message }: ParkedDelivery): Date | undefined {
    return this.#failing.get(message.delivery)?.dueAt;
  }

  /** Nothing of it is before this position. */
  get from(): number {
    const [first] = this.#failing.values();
    return this.#tried === undefined ? (first?.position ?? 0) : 0;
  }

  /** As the lane is to be laid down, tried up to `to`. Undefined: nothing waits there. */
  triedTo(to: number): TriedPart | undefined {
    const dues = [...this.#failing.values(), ...(this.#tried === undefined ? [] : [this.#tried])].map(({ dueAt }) => dueAt.getTime());
    // Not spread into a call: a lane may hold more than a call takes.
    return dues.length === 0 ? undefined : { to, dueAt: new Date(dues.reduce((a, b) => Math.min(a, b))) };
  }

  clear(): void {
    this.#failing.clear();
    this.#tried = undefined;
  }
}
