import { RelayError, type ErrorCode } from '#lib/errors.ts';
import { logAppender } from '#lib/intake/appender.ts';
import type { ChangeLog, ChangeRecord } from '#lib/intake/change-log.ts';
import { Hearing } from '#lib/intake/hearing.ts';
import { HookBinding } from '#lib/intake/hook-binding.ts';
import type { OrgStore } from '#lib/intake/org-store.ts';
import type { ReceivingHooks } from '#lib/intake/receive-hook.ts';
import type { Org, OrgId } from '#lib/okta/org.ts';
import type { Quarantine, QuarantineEntry } from '#lib/quarantine/quarantine.ts';
import { InMemorySenders } from './in-memory-senders.ts';
import { noon, openSecrets } from '../okta/authenticity-fixtures.ts';

export type Health = 'working' | 'unreachable' | 'silent';

async function meet(health: Health, code: ErrorCode): Promise<void> {
  if (health === 'unreachable') throw new RelayError(code, 'unreachable');
  if (health === 'silent') await new Promise<never>(() => undefined);
}

export class InMemoryOrgs implements OrgStore {
  health: Health = 'working';
  reads = 0;
  readonly orgs = new Map<OrgId, Org>();

  constructor(...orgs: readonly Org[]) {
    for (const org of orgs) this.orgs.set(org.id, org);
  }
  async find(id: OrgId): Promise<Org | undefined> {
    this.reads += 1;
    await meet(this.health, 'ORG_STORE_UNAVAILABLE');
    return this.orgs.get(id);
  }
}

export class InMemoryChangeLog implements ChangeLog {
  health: Health = 'working';
  readonly records: ChangeRecord[] = [];
  readonly budgetsMs: number[] = [];

  async append(records: readonly ChangeRecord[], { budgetMs }: { budgetMs: number }): Promise<void> {
    this.budgetsMs.push(budgetMs);
    await meet(this.health, 'CHANGE_LOG_UNAVAILABLE');
    this.records.push(...records);
  }
  /** What was appended, as JSON. */
  get changes(): { id: string; type: string; time: string }[] {
    return this.records.map(({ value }) => JSON.parse(Buffer.from(value).toString('utf8')) as { id: string; type: string; time: string });
  }
}

export class InMemoryQuarantine implements Quarantine {
  health: Health = 'working';
  readonly entries = new Map<string, QuarantineEntry>();

  async keep(entry: QuarantineEntry): Promise<void> {
    await meet(this.health, 'QUARANTINE_UNAVAILABLE');
    this.entries.set(entry.id, entry);
  }
  get reasons(): string[] {
    return [...this.entries.values()].map(({ reason }) => reason);
  }
}

export function inMemoryHooks(...known: readonly Org[]) {
  const orgs = new InMemoryOrgs(...known);
  const log = new InMemoryChangeLog();
  const quarantine = new InMemoryQuarantine();
  const senders = new InMemorySenders();
  const parts: ReceivingHooks = {
    orgs,
    secrets: openSecrets,
    senders: undefined,
    hooks: new HookBinding({ orgs, seen: senders, now: () => noon }),
    hearing: new Hearing({ heard: senders, now: () => noon }),
    accepted: senders,
    refusals: { elapsedMs: () => 0, pause: async () => undefined },
    quarantine,
    appender: logAppender(log),
    now: () => noon,
    randomBytes: (size) => Buffer.alloc(size, 0xab),
  };
  return { orgs, log, quarantine, senders, parts };
}
