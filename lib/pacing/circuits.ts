import type {
  Circuit,
  CircuitStore,
  OperatorEvent,
  Subscription,
  SubscriptionId,
  SubscriptionStore,
} from '../subscriptions/subscription.ts';
import { circuitPolicy, firstProbeAt, isGivenUp, isProbeDue, nextProbeAt, probeDueAt, removalProbeDueAt } from './circuit.ts';
import type { FailureWindow, NotedAttempt } from './failure-window.ts';

/** Port: counting transitions. The metrics of lib/telemetry fit it. */
export interface CircuitMetrics {
  count(name: 'CircuitOpened' | 'CircuitClosed' | 'SubscriptionDisabled', value: number, dimensions: { Subscription: string }): void;
}

export interface CircuitParts {
  readonly store: CircuitStore & Pick<SubscriptionStore, 'setStatus' | 'find'>;
  readonly window: FailureWindow;
  readonly metrics: CircuitMetrics;
  /** Told of every transition, so that its cached view of the subscription is read again. */
  readonly forget: (id: SubscriptionId) => void;
  /** A uuid that no other event ever has. */
  readonly newEventId: () => string;
}

/** The circuit's say before an attempt. */
export type Admission =
  | { readonly kind: 'closed' }
  /** One request may go out to see whether the endpoint is back; its attempt is not counted, and is noted with this. */
  | { readonly kind: 'probe'; readonly since: string }
  /** No request before then, or before the circuit closes. */
  | { readonly kind: 'open'; readonly until: Date };

/** An attempt that ended. A 410 is not among the verdicts: it goes to `gone`. */
export interface EndedAttempt extends NotedAttempt {
  /** The admission it was made by. */
  readonly admission: Exclude<Admission, { kind: 'open' }>;
  /** Log-safe words for what it ended with: an error kind, `status-500`. Of the one that opens the circuit they go to the operators. */
  readonly reason: string;
}

/**
 * Moves subscriptions between healthy, failing and disabled. Each move is one conditional write that holds the operators' event too, so of
 * all that see the same one of them makes it, and it is counted and told once. The view of the subscription may be seconds old: the
 * conditions of the writes, and not the view, decide.
 *
 * @throws RelayError SUBSCRIPTION_STORE_UNAVAILABLE from every method; nothing has moved then, or everything of this one move has
 */
export class Circuits {
  readonly #parts: CircuitParts;

  constructor(parts: CircuitParts) {
    this.#parts = parts;
  }

  /** Whether an attempt may be made now; takes the probe if one is due. Costs nothing while the circuit is closed, or open and not due. */
  async admit({ id, circuit }: Pick<Subscription, 'id' | 'circuit'>, now: Date): Promise<Admission> {
    if (circuit === undefined) return { kind: 'closed' };
    if (!isProbeDue(circuit, now)) return { kind: 'open', until: probeDueAt(circuit) };
    const next = nextProbeAt(circuit, now);
    return this.#admitted(id, { circuit, now, claimed: await this.#parts.store.claimProbe(id, { seen: circuit, nextProbeAt: next }) });
  }

  /** As `admit`, for a lane in which a removal waits: beside the schedule, which goes on as if this had not been. For `sweep`. */
  async admitRemoval({ id, circuit }: Pick<Subscription, 'id' | 'circuit'>, now: Date): Promise<Admission> {
    if (circuit === undefined) return { kind: 'closed' };
    const until = removalProbeDueAt(circuit);
    if (until > now) return { kind: 'open', until };
    return this.#admitted(id, { circuit, now, claimed: await this.#parts.store.claimRemovalProbe(id, { seen: circuit, at: now }) });
  }

  #admitted(id: SubscriptionId, { circuit, now, claimed }: { circuit: Circuit; now: Date; claimed: boolean }): Admission {
    // Either way the view is old now: the probe is taken, by us or another, or the circuit has closed.
    this.#parts.forget(id);
    return claimed ? { kind: 'probe', since: circuit.since } : { kind: 'open', until: firstProbeAt(now) };
  }

  /**
   * Learns from an attempt that ended. Opens the circuit when it was one failure too many, closes it after a probe that was accepted. An attempt that was
   * begun before the circuit opened does not close it: it may have waited long for its answer, and the next probe tells. A probe that was
   * refused leaves it open, for an endpoint that is misconfigured refuses everything; its caller counts that attempt as the refusal it is, so that
   * a change at fault is given up after three of them and cannot be the probe for ever.
   */
  async noteAttempt(subscription: Pick<Subscription, 'id' | 'circuit'>, attempt: EndedAttempt): Promise<'opened' | 'closed' | 'unchanged'> {
    const { admission, verdict, now } = attempt;
    if (admission.kind === 'probe') return verdict === 'accepted' ? this.#close(subscription.id, admission.since, now) : 'unchanged';
    if (subscription.circuit !== undefined) {
      // What failed before it opened must not open it again once it has closed.
      this.#parts.window.forget(subscription.id);
      return 'unchanged';
    }
    if (!this.#parts.window.record(subscription.id, attempt)) return 'unchanged';
    const event = this.#event('failing', now, attempt.reason);
    const opened = await this.#parts.store.open(subscription.id, { at: now, probeAt: firstProbeAt(now), event });
    return this.#moved(subscription.id, opened, 'CircuitOpened') ? 'opened' : 'unchanged';
  }

  /**
   * The endpoint answered 410: nothing more is sent to it. Only as long as the subscription is what was sent to: a 410 may come late, when its owner has
   * given it another URL or has enabled it again. Then it is `changed`; sent to once more, the endpoint says whether it still is gone.
   */
  async gone({ id, updatedAt }: Pick<Subscription, 'id' | 'updatedAt'>, now: Date): Promise<'disabled' | 'unchanged' | 'changed'> {
    const event = this.#event('disabled', now, 'gone');
    const disabled = await this.#parts.store.setStatus(id, {
      status: 'disabled',
      from: ['active', 'paused'],
      at: now,
      disabledReason: 'gone',
      event,
      whileUpdatedAt: updatedAt,
    });
    if (this.#moved(id, disabled, 'SubscriptionDisabled')) return 'disabled';
    const found = await this.#parts.store.find(id);
    return found?.status === 'active' || found?.status === 'paused' ? 'changed' : 'unchanged';
  }

  /** Disables an active one whose endpoint has failed for five days, for `sweep`. Answers whether it was this call. */
  async giveUp({ id, status, circuit }: Pick<Subscription, 'id' | 'status' | 'circuit'>, now: Date): Promise<boolean> {
    if (status !== 'active' || circuit === undefined || !isGivenUp(circuit, now)) return false;
    const disabled = await this.#parts.store.setStatus(id, {
      status: 'disabled',
      from: ['active'],
      at: now,
      disabledReason: 'failing',
      event: this.#event('disabled', now, 'failing'),
      whileOpenSince: circuit.since,
    });
    return this.#moved(id, disabled, 'SubscriptionDisabled');
  }

  /**
   * A delivery's attempts are used up. Told to the operators at most once an hour: how many there are, the dead letters tell. What dies of something else
   * is not told so: `gone` and `subscription-disabled` come with `disabled`, `yielded` and `expired` after `failing` or a pause.
   * The event's id, a uuid, is the delivery's own: whoever is told a second time of the same delivery drops it.
   */
  async exhausted(id: SubscriptionId, { at, eventId, reason }: { at: Date; eventId: string; reason: string }): Promise<void> {
    await this.#parts.store.tell(id, { ...this.#event('exhausted', at, reason), id: eventId }, circuitPolicy.exhaustedQuietMs);
  }

  async #close(id: SubscriptionId, since: Circuit['since'], now: Date): Promise<'closed' | 'unchanged'> {
    const closed = await this.#parts.store.close(id, { since, event: this.#event('recovered', now) });
    return this.#moved(id, closed, 'CircuitClosed') ? 'closed' : 'unchanged';
  }

  /** Also when another made the move: what we have seen and keep of it is old either way. */
  #moved(id: SubscriptionId, ours: boolean, metric: Parameters<CircuitMetrics['count']>[0]): boolean {
    this.#parts.window.forget(id);
    this.#parts.forget(id);
    if (ours) this.#parts.metrics.count(metric, 1, { Subscription: id });
    return ours;
  }

  #event(kind: OperatorEvent['kind'], now: Date, reason?: string): OperatorEvent {
    return { id: this.#parts.newEventId(), kind, at: now.toISOString(), ...(reason === undefined ? {} : { reason }) };
  }
}
