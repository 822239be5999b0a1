import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { orgIdSchema, type Org } from '#lib/okta/org.ts';
import type { OrgRegistry } from '#lib/orgs/org-registry.ts';
import { headerScheme, orgWith, sealedAs } from '../lib/okta/authenticity-fixtures.ts';

export interface OrgRegistryUnderTest {
  readonly registry: OrgRegistry;
  stop(): Promise<void>;
}

/** What every registry of orgs owes to the admin API. */
export function orgRegistryContract(implementation: string, start: () => Promise<OrgRegistryUnderTest>): void {
  describe(`OrgRegistry × ${implementation}`, () => {
    let subject: OrgRegistryUnderTest;
    let registry: OrgRegistry;
    beforeAll(async () => {
      subject = await start();
      registry = subject.registry;
    });
    afterAll(() => subject.stop());

    const full: Org = {
      ...orgWith(headerScheme('one', 'two'), { kind: 'hmac', secrets: [sealedAs('s')], previousUntil: '2026-11-22T12:00:00.000Z' }),
      status: 'disabled',
      hooks: { confirmed: ['who1'], others: 'quarantine' },
      madeBy: 'api',
      createdAt: '2026-11-21T12:00:00.000Z',
      updatedAt: '2026-11-21T12:00:00.000Z',
    };
    const named = (id: string, more: Partial<Org> = {}): Org => ({ ...full, id: orgIdSchema.parse(id), ...more });
    const all = async () => {
      const page = await registry.list({ limit: 100 });
      return page.kind === 'page' ? page.data.map(({ id }) => id) : [];
    };
    beforeEach(async () => {
      for (const id of await all()) await registry.remove(id, (await registry.find(id))?.revision ?? '');
    });

    it('[port: OrgRegistry] gives back what was created, and nothing for another name', async () => {
      expect(await registry.create(full)).toBe('created');
      expect((await registry.find(full.id))?.org).toEqual(full);
      expect(await registry.find(orgIdSchema.parse('nobody'))).toBeUndefined();
    });

    it('[port: OrgRegistry] creates an org once; the same one again is the same', async () => {
      await registry.create(full);
      expect(await registry.create(structuredClone(full))).toBe('created');
      expect(await registry.create({ ...full, hosts: ['other.okta.com'] })).toBe('exists');
      expect((await registry.find(full.id))?.org.hosts).toEqual(full.hosts);
    });

    it('[port: OrgRegistry] replaces what was read, once; a repeat of the same write is the same', async () => {
      await registry.create(full);
      const { revision = '' } = (await registry.find(full.id)) ?? {};
      const changed: Org = { ...full, hosts: ['new.okta.com'] };
      expect(await registry.replace(changed, revision)).toBe('replaced');
      expect(await registry.replace(changed, revision)).toBe('replaced');
      expect(await registry.replace({ ...full, hosts: ['late.okta.com'] }, revision)).toBe('changed');
      expect((await registry.find(full.id))?.org.hosts).toEqual(['new.okta.com']);
    });

    it('[port: OrgRegistry] lets one of ten writers at the same time win', async () => {
      await registry.create(full);
      const { revision = '' } = (await registry.find(full.id)) ?? {};
      const writes = Array.from({ length: 10 }, (_, at) => registry.replace({ ...full, hosts: [`h${at}.okta.com`] }, revision));
      const won = (await Promise.all(writes)).flatMap((outcome, at) => (outcome === 'replaced' ? [`h${at}.okta.com`] : []));
      expect(won).toHaveLength(1);
      expect((await registry.find(full.id))?.org.hosts).toEqual(won);
    });

    it('[port: OrgRegistry] does not bring back, by replacing it, an org that was removed', async () => {
      await registry.create(full);
      const { revision = '' } = (await registry.find(full.id)) ?? {};
      expect(await registry.remove(full.id, 'another')).toBe('changed');
      expect(await registry.remove(full.id, revision)).toBe('removed');
      expect(await registry.remove(full.id, revision)).toBe('removed');
      expect(await registry.replace({ ...full, hosts: ['late.okta.com'] }, revision)).toBe('changed');
      expect(await registry.find(full.id)).toBeUndefined();
    });

    it('[port: OrgRegistry] lists by id, page by page, each once', async () => {
      for (const id of ['b', 'a-1', 'c', 'a', '0', 'aa']) await registry.create(named(id));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await registry.list({ limit: 2, cursor });
        if (page.kind === 'bad-cursor') throw new Error('bad cursor');
        expect(page.data.length).toBeLessThanOrEqual(2);
        seen.push(...page.data.map(({ id }) => id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(['0', 'a', 'a-1', 'aa', 'b', 'c']);
    });

    it.each(['x', 'bnVsbA', '../orgs'])('[port: OrgRegistry] refuses the cursor %j', async (cursor) => {
      expect(await registry.list({ limit: 2, cursor })).toEqual({ kind: 'bad-cursor' });
    });
  });
}
