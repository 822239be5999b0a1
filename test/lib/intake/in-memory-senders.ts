import { RelayError } from '#lib/errors.ts';
import type { AcceptedRequests, SignedRequest } from '#lib/intake/accepted-requests.ts';
import type { HeardOrgs } from '#lib/intake/heard-orgs.ts';
import type { SeenHooks } from '#lib/intake/seen-hooks.ts';
import type { OrgId } from '#lib/okta/org.ts';
import type { LastHeard } from '#lib/orgs/last-heard.ts';
import type { OrgSenders } from '#lib/orgs/org-registry.ts';

/** What was seen of senders; passes the same suites as the table does. `health` is set by tests about outages. */
export class InMemorySenders implements SeenHooks, OrgSenders, HeardOrgs, LastHeard, AcceptedRequests {
  health: 'working' | 'unreachable' | 'silent' = 'working';
  calls = 0;
  readonly #hooks = new Map<OrgId, Map<string, string>>();
  readonly #heard = new Map<OrgId, Date>();
  readonly #accepted = new Set<string>();

  async note({ org, hook, at }: { org: OrgId; hook: string; at: Date }): Promise<{ first: string }> {
    await this.#meet();
    const hooks = this.#hooks.get(org) ?? new Map<string, string>();
    this.#hooks.set(org, hooks);
    if (!hooks.has(hook)) hooks.set(hook, at.toISOString());
    return { first: [...hooks.keys()][0] ?? hook };
  }
  async hooks(org: OrgId) {
    await this.#meet();
    return [...(this.#hooks.get(org) ?? [])]
      .map(([id, firstSeenAt], place) => ({ id, firstSeenAt, isFirst: place === 0 }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, 100);
  }
  async forget(org: OrgId): Promise<void> {
    await this.#meet();
    this.#hooks.delete(org);
    this.#heard.delete(org);
  }
  async hear({ org, at }: { org: OrgId; at: Date }): Promise<void> {
    await this.#meet();
    this.#heard.set(org, at);
  }
  async lastHeard() {
    await this.#meet();
    return [...this.#heard].map(([org, at]) => ({ org, at }));
  }
  async has({ org, id }: SignedRequest): Promise<boolean> {
    await this.#meet();
    return this.#accepted.has(`${org} ${id}`);
  }
  async add({ org, id }: SignedRequest): Promise<void> {
    await this.#meet();
    this.#accepted.add(`${org} ${id}`);
  }

  async #meet(): Promise<void> {
    this.calls += 1;
    if (this.health === 'unreachable') throw new RelayError('SENDER_STORE_UNAVAILABLE', 'unreachable');
    if (this.health === 'silent') await new Promise<never>(() => undefined);
  }
}
