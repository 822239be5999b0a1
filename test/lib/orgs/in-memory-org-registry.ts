import { orgSchema, type Org, type OrgId } from '#lib/okta/org.ts';
import type { OrgPage, OrgRegistry, StoredOrg } from '#lib/orgs/org-registry.ts';

/** Orgs as texts in a map; passes the same suite as the table does. */
export class InMemoryOrgRegistry implements OrgRegistry {
  readonly texts = new Map<OrgId, string>();

  async find(id: OrgId): Promise<StoredOrg | undefined> {
    const revision = this.texts.get(id);
    return revision === undefined ? undefined : { org: orgSchema.parse(JSON.parse(revision)), revision };
  }
  async list({ limit, cursor = '' }: { limit: number; cursor?: string | undefined }): Promise<OrgPage> {
    if (cursor !== '' && !cursor.startsWith('after ')) return { kind: 'bad-cursor' };
    const ids = [...this.texts.keys()].toSorted().filter((id) => id > cursor.slice('after '.length));
    const stored = await Promise.all(ids.slice(0, limit).map((id) => this.find(id)));
    const data = stored.flatMap((one) => (one === undefined ? [] : [one.org]));
    return { kind: 'page', data, nextCursor: ids.length > limit ? `after ${data.at(-1)?.id ?? ''}` : null };
  }
  async create(org: Org): Promise<'created' | 'exists'> {
    const text = JSON.stringify(org);
    if ((this.texts.get(org.id) ?? text) !== text) return 'exists';
    this.texts.set(org.id, text);
    return 'created';
  }
  async replace(org: Org, revision: string): Promise<'replaced' | 'changed'> {
    const text = JSON.stringify(org);
    if (![revision, text].includes(this.texts.get(org.id) ?? '')) return 'changed';
    this.texts.set(org.id, text);
    return 'replaced';
  }
  async remove(id: OrgId, revision: string): Promise<'removed' | 'changed'> {
    if ((this.texts.get(id) ?? revision) !== revision) return 'changed';
    this.texts.delete(id);
    return 'removed';
  }
}
