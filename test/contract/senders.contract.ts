import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptedRequests } from '#lib/intake/accepted-requests.ts';
import type { HeardOrgs } from '#lib/intake/heard-orgs.ts';
import type { SeenHooks } from '#lib/intake/seen-hooks.ts';
import { orgIdSchema } from '#lib/okta/org.ts';
import type { LastHeard } from '#lib/orgs/last-heard.ts';
import type { OrgSenders } from '#lib/orgs/org-registry.ts';

export interface SendersUnderTest {
  readonly hooks: SeenHooks & OrgSenders;
  readonly heard: HeardOrgs & LastHeard;
  readonly accepted: AcceptedRequests;
  stop(): Promise<void>;
}

const noon = new Date('2026-11-21T12:00:00.000Z');
const later = new Date('2026-11-21T13:00:00.000Z');
const acme = orgIdSchema.parse('acme');
const beta = orgIdSchema.parse('beta');

/** What every store of what was seen of senders owes to receive-hook and the admin API. */
export function sendersContract(implementation: string, start: () => Promise<SendersUnderTest>): void {
  describe('what is stored of senders', () => {
    let subject: SendersUnderTest;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(() => subject.stop());
    beforeEach(async () => {
      for (const org of [acme, beta]) await subject.hooks.forget(org);
    });

    describe(`SeenHooks × ${implementation}`, () => {
      it('[port: SeenHooks] names the first hook of an org for good, whichever comes later', async () => {
        const { hooks } = subject;
        expect(await hooks.note({ org: acme, hook: 'who2', at: noon })).toEqual({ first: 'who2' });
        expect(await hooks.note({ org: acme, hook: 'who1', at: later })).toEqual({ first: 'who2' });
        expect(await hooks.note({ org: acme, hook: 'who2', at: later })).toEqual({ first: 'who2' });
        expect(await hooks.note({ org: beta, hook: 'who1', at: later })).toEqual({ first: 'who1' });
      });

      it('[port: SeenHooks] lists what was seen, since when, and only of that org', async () => {
        const { hooks } = subject;
        await hooks.note({ org: acme, hook: 'who2', at: noon });
        await hooks.note({ org: acme, hook: 'who1', at: later });
        await hooks.note({ org: acme, hook: 'who2', at: later });
        expect((await hooks.hooks(acme)).toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
          { id: 'who1', firstSeenAt: later.toISOString(), isFirst: false },
          { id: 'who2', firstSeenAt: noon.toISOString(), isFirst: true },
        ]);
        expect(await hooks.hooks(beta)).toEqual([]);
      });

      it('[port: SeenHooks] makes one of twenty at the same time the first, for all of them', async () => {
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, at) => subject.hooks.note({ org: acme, hook: `who${at}`, at: noon })),
        );
        expect(new Set(answers.map(({ first }) => first)).size).toBe(1);
        expect((await subject.hooks.hooks(acme)).filter(({ isFirst }) => isFirst)).toHaveLength(1);
      });

      it('[port: SeenHooks] shows a hundred of what somebody invented, and forgets all of it', async () => {
        for (let at = 0; at < 120; at += 1) await subject.hooks.note({ org: acme, hook: `who${at}`, at: noon });
        await subject.hooks.note({ org: beta, hook: 'who1', at: noon });
        expect(await subject.hooks.hooks(acme)).toHaveLength(100);
        await subject.hooks.forget(acme);
        expect(await subject.hooks.hooks(acme)).toEqual([]);
        expect(await subject.hooks.note({ org: acme, hook: 'new', at: later })).toEqual({ first: 'new' });
        expect(await subject.hooks.hooks(beta)).toHaveLength(1);
      });
    });

    describe(`HeardOrgs × ${implementation}`, () => {
      const inOrder = async () => (await subject.heard.lastHeard()).toSorted((a, b) => a.org.localeCompare(b.org));

      it('[port: HeardOrgs] says of each org when it was heard last, as it was noted last', async () => {
        expect(await subject.heard.lastHeard()).toEqual([]);
        await subject.heard.hear({ org: beta, at: noon });
        await subject.heard.hear({ org: acme, at: noon });
        await subject.heard.hear({ org: acme, at: later });
        expect(await inOrder()).toEqual([
          { org: acme, at: later },
          { org: beta, at: noon },
        ]);
      });

      it('[port: HeardOrgs] is forgotten with the hooks of an org, and is none of them', async () => {
        await subject.heard.hear({ org: acme, at: noon });
        await subject.heard.hear({ org: beta, at: noon });
        expect(await subject.hooks.hooks(acme)).toEqual([]);
        await subject.hooks.forget(acme);
        expect(await subject.heard.lastHeard()).toEqual([{ org: beta, at: noon }]);
      });
    });

    describe(`AcceptedRequests × ${implementation}`, () => {
      const request = { org: acme, id: 'a'.repeat(64), validUntil: later };

      it('[port: AcceptedRequests] has what was added, of that org alone, and no hook of it', async () => {
        expect(await subject.accepted.has(request)).toBe(false);
        await subject.accepted.add(request);
        await subject.accepted.add(request);
        expect(await subject.accepted.has({ ...request })).toBe(true);
        expect(await subject.accepted.has({ ...request, org: beta })).toBe(false);
        expect(await subject.accepted.has({ ...request, id: 'b'.repeat(64) })).toBe(false);
        expect(await subject.hooks.hooks(acme)).toEqual([]);
      });
    });
  });
}
