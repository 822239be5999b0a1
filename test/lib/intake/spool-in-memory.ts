import { RelayError } from '#lib/errors.ts';
import type { ChangeRecord } from '#lib/intake/change-log.ts';
import { spoolMessages, type SpoolMessage } from '#lib/intake/spool-message.ts';
import type { ChangeSpool } from '#lib/intake/spool.ts';
import type { Health } from './in-memory-ports.ts';

/** ChangeSpool in memory, held to the same contract as the real one. */
export class InMemoryChangeSpool implements ChangeSpool {
  health: Health = 'working';
  /** Decides on each message that is put; `false` ends the put there. */
  takes: (message: SpoolMessage) => boolean = () => true;
  readonly messages: SpoolMessage[] = [];
  readonly budgetsMs: number[] = [];
  readonly #known = new Set<string>();

  async put(records: readonly ChangeRecord[], { budgetMs }: { budgetMs: number }): Promise<void> {
    this.budgetsMs.push(budgetMs);
    if (this.health === 'silent') await new Promise((resolve) => setTimeout(resolve, budgetMs));
    if (this.health !== 'working') throw new RelayError('CHANGE_SPOOL_UNAVAILABLE', this.health);
    for (const message of spoolMessages(records)) {
      if (!this.takes(message)) throw new RelayError('CHANGE_SPOOL_UNAVAILABLE', 'not taken');
      if (this.#known.has(message.deduplicationId)) continue;
      this.#known.add(message.deduplicationId);
      this.messages.push(message);
    }
  }
}
