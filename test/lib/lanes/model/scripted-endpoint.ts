import type { WebhookAnswer } from '#lib/webhooks/webhook-sender.ts';
import type { DeliveryMessage } from '#lib/delivery/delivery.ts';
import type { Sent } from './history.ts';
import type { Answer } from './script.ts';

export interface Reply {
  readonly answer: WebhookAnswer;
  readonly afterMs: number;
  readonly end: Exclude<Sent['end'], 'under-way' | 'killed'>;
  /** The change may have been applied, whatever was answered. */
  readonly mayHaveArrived: boolean;
}

const timeoutMs = 15_000;

/** Endpoints that do as the script says: for each change some answers in turn, unless they are down. */
export class ScriptedEndpoint {
  readonly #programs = new Map<string, Answer[]>();
  readonly #down = new Map<string, { readonly how: Answer; readonly untilMs: number }>();
  #isWell = false;

  /** The first program given to a change is its program. */
  program(message: DeliveryMessage, answers: readonly Answer[]): void {
    if (!this.#programs.has(message.delivery)) this.#programs.set(message.delivery, [...answers]);
  }

  down(subscription: string, how: Answer, untilMs: number): void {
    this.#down.set(subscription, { how, untilMs });
  }

  /** From now on everything is taken. */
  heal(): void {
    this.#isWell = true;
  }

  reply(message: DeliveryMessage, { nowMs, chance }: { nowMs: number; chance: (sides: number) => number }): Reply {
    if (this.#isWell) return replyOf('200', chance);
    const down = this.#down.get(message.subscription);
    if (down !== undefined && down.untilMs > nowMs) return replyOf(down.how, chance);
    return replyOf(this.#programs.get(message.delivery)?.shift() ?? '200', chance);
  }
}

function replyOf(answer: Answer, chance: (sides: number) => number): Reply {
  const latencyMs = 5 + chance(2) * chance(2_500);
  const answered = (status: number, end: Reply['end'], retryAfter: string | null = null): Reply => ({
    answer: { kind: 'answered', status, retryAfter, latencyMs },
    afterMs: latencyMs,
    end,
    mayHaveArrived: end === 'accepted',
  });
  const failed = (error: 'timeout' | 'connection-reset' | 'connection-refused', afterMs: number, mayHaveArrived: boolean): Reply => ({
    answer: { kind: 'failed', error, detail: '', latencyMs: afterMs, mayHaveArrived },
    afterMs,
    end: mayHaveArrived ? 'unheard' : 'failed',
    mayHaveArrived,
  });
  switch (answer) {
    case '200':
      return answered(200, 'accepted');
    case '500':
    case '302':
      return answered(Number(answer), 'failed');
    case '503-later':
      return answered(503, 'failed', '900');
    case '429':
      return answered(429, 'failed', '7');
    case '400':
    case '422':
      return answered(Number(answer), 'refused');
    case '410':
      return answered(410, 'gone');
    case '504':
      // A gateway's word: what is behind it may have taken the change.
      return { ...answered(504, 'failed'), mayHaveArrived: true };
    case 'timeout':
      return failed('timeout', timeoutMs, true);
    case 'reset':
      return failed('connection-reset', latencyMs, true);
    case 'refused':
      return failed('connection-refused', 1, false);
    case 'cut-then-refused':
      return failed('connection-refused', latencyMs, true);
    case 'cut-then-503':
    case 'cut-then-422':
      return cutBefore(answer === 'cut-then-503' ? answered(503, 'failed') : answered(422, 'refused'));
  }
}

/** The request went out twice: the first was taken, and its connection cut off. */
function cutBefore({ answer, ...reply }: Reply): Reply {
  return { ...reply, answer: { ...answer, mayHaveArrived: true }, mayHaveArrived: true };
}
