import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { GuardedState, Passage, PassageEnd, StaleGuard, Standing } from '#lib/lanes/stale-guard.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';

const noon = new Date('2026-11-21T12:00:00.000Z');
const leaseEnd = new Date('2026-11-21T12:00:30.000Z');
const [first, second, third] = [1, 2, 3].map((ms) => `179526592234${ms}-0000000000000000042`) as [string, string, string];

const open = { kind: 'open' };
const superseded = { kind: 'superseded' };
const busy = { kind: 'busy', until: leaseEnd };

/** What lib/lanes/stale-guard.ts promises of a StaleGuard. */
export function staleGuardContract(implementation: string, make: () => StaleGuard): void {
  describe(`StaleGuard × ${implementation}`, () => {
    let guard: StaleGuard;
    let state: GuardedState;
    beforeEach(() => {
      guard = make();
      // Fresh ids, for implementations that keep what earlier tests wrote.
      const subscription = subscriptionIdSchema.parse(`sub_${randomUUID().replaceAll('-', '').slice(0, 26)}`);
      state = { subscription, source: 'https://acme.okta.com', stateKey: `users/00u${randomUUID()}/status` };
    });
    const passage = (sequence: string, lease: string, given: Partial<Passage> = {}): Passage => ({
      ...state,
      sequence,
      lease,
      now: noon,
      until: leaseEnd,
      ...given,
    });
    const enter = (...of: Parameters<typeof passage>): Promise<Standing> => guard.enter(passage(...of));
    const leave = (end: PassageEnd, ...of: Parameters<typeof passage>): Promise<void> => guard.leave(passage(...of), end);
    async function pass(sequence: string, end: PassageEnd): Promise<void> {
      expect(await enter(sequence, `lease of ${sequence}`)).toEqual(open);
      await leave(end, sequence, `lease of ${sequence}`);
    }

    it('[port: StaleGuard] lets the first change of a state pass, and newer ones after it', async () => {
      for (const sequence of [first, second, third]) await pass(sequence, 'delivered');
      expect(await guard.look(state, { sequence: third, now: noon })).toEqual(open);
    });

    it('[port: StaleGuard] supersedes what is older than what was delivered', async () => {
      await pass(second, 'delivered');
      expect(await enter(first, 'a')).toEqual(superseded);
      expect(await guard.look(state, { sequence: first, now: noon })).toEqual(superseded);
    });

    it('[port: StaleGuard] supersedes what is older than what may have arrived, and lets that same change and newer ones pass at once', async () => {
      await pass(second, 'unknown');
      expect(await enter(first, 'a')).toEqual(superseded);
      expect(await guard.look(state, { sequence: first, now: noon })).toEqual(superseded);
      await pass(second, 'unknown');
      await pass(third, 'failed');
      expect(await enter(first, 'a')).toEqual(superseded);
      await pass(second, 'delivered');
    });

    it('[port: StaleGuard] lets the same change pass again', async () => {
      await pass(second, 'delivered');
      await pass(second, 'delivered');
    });

    it('[port: StaleGuard] orders by the tie-break within a millisecond', async () => {
      await pass('1795265922341-0000000000000000100', 'delivered');
      expect(await enter('1795265922341-0000000000000000099', 'a')).toEqual(superseded);
      await pass('1795265922341-0000000000000000101', 'delivered');
    });

    it('[port: StaleGuard] lets an older change pass after a newer one that failed', async () => {
      await pass(third, 'failed');
      await pass(first, 'delivered');
      await pass(second, 'delivered');
    });

    it('[port: StaleGuard] remembers what was delivered before a failure', async () => {
      await pass(second, 'delivered');
      await pass(third, 'failed');
      expect(await enter(first, 'a')).toEqual(superseded);
      await pass(second, 'delivered');
    });

    it.each(['subscription', 'source', 'stateKey'] as const)('[port: StaleGuard] keeps states apart by their %s', async (part) => {
      await pass(second, 'delivered');
      const others = { subscription: subscriptionIdSchema.parse('sub_01k9another00000000000000'), source: 'https://other.okta.com', stateKey: `${state.stateKey}x` }; // prettier-ignore
      expect(await enter(first, randomUUID(), { [part]: others[part], ...(part === 'stateKey' ? {} : { stateKey: `${state.stateKey}/${randomUUID()}` }) })).toEqual(open); // prettier-ignore
    });

    it('[port: StaleGuard] tells a source and state key from another cut of the same text', async () => {
      const source = 'https://acme.okta.com';
      await enter(second, 'a', { source, stateKey: '["x","y' });
      expect(await enter(first, 'b', { source: `${source}","["x`, stateKey: 'y' })).toEqual(open);
    });

    it('[port: StaleGuard] takes a state key of any length', async () => {
      state = { ...state, stateKey: `${state.stateKey}/${'x'.repeat(5_000)}` };
      await pass(second, 'delivered');
      expect(await enter(first, 'a')).toEqual(superseded);
      expect(await enter(first, randomUUID(), { stateKey: `${state.stateKey}y` })).toEqual(open);
    });

    describe('while a change is being sent', () => {
      it.each([
        ['an older one', first],
        ['the same one', second],
        ['a newer one', third],
      ])('[port: StaleGuard] keeps %s waiting until the passage ends', async (_, sequence) => {
        await enter(second, 'under way');
        expect(await enter(sequence, 'a')).toEqual(busy);
        expect(await enter(sequence, 'a', { now: new Date(leaseEnd.getTime() - 1) })).toEqual(busy);
        await leave('failed', second, 'under way');
        expect(await enter(sequence, 'a')).toEqual(open);
      });

      it('[port: StaleGuard] supersedes an older one as soon as it is delivered', async () => {
        await enter(second, 'under way');
        await leave('delivered', second, 'under way');
        expect(await enter(first, 'a')).toEqual(superseded);
      });

      it('[port: StaleGuard] says at once what was superseded before', async () => {
        await pass(second, 'delivered');
        await enter(third, 'under way');
        expect(await enter(first, 'a')).toEqual(superseded);
      });

      it('[port: StaleGuard] lets one of twenty racing changes pass', async () => {
        const standings = await Promise.all(Array.from({ length: 20 }, (_, index) => enter(second, `lease-${index}`)));
        expect(standings.filter(({ kind }) => kind === 'open')).toHaveLength(1);
        expect(standings.filter(({ kind }) => kind !== 'open')).toEqual(Array(19).fill(busy));
      });

      it('[port: StaleGuard] is busy for a look from before it, and open for one from after it', async () => {
        await enter(second, 'under way');
        expect(await guard.look(state, { sequence: first, now: noon })).toEqual(busy);
        expect(await guard.look(state, { sequence: third, now: noon })).toEqual(open);
      });

      it('[port: StaleGuard] knows a passage that begins again by its lease', async () => {
        await enter(second, 'under way');
        expect(await enter(second, 'under way')).toEqual(open);
        await leave('failed', second, 'under way');
        expect(await enter(first, 'a')).toEqual(open);
      });

      it('[port: StaleGuard] takes the end of a passage twice', async () => {
        await enter(second, 'under way');
        for (let time = 0; time < 2; time += 1) await leave('delivered', second, 'under way');
        await pass(third, 'delivered');
        await leave('delivered', second, 'under way');
        expect(await enter(second, 'a')).toEqual(superseded);
      });
    });

    describe('after a passage that nobody ended', () => {
      const later = { now: leaseEnd, until: new Date('2026-11-21T12:01:00.000Z') };
      beforeEach(async () => {
        expect(await enter(second, 'crashed')).toEqual(open);
      });

      it('[port: StaleGuard] keeps what is older out, because the newer may have arrived', async () => {
        expect(await enter(first, 'a', later)).toEqual(superseded);
        expect(await guard.look(state, { sequence: first, now: leaseEnd })).toEqual(superseded);
      });

      it.each([
        ['the same change', second],
        ['a newer one', third],
      ])('[port: StaleGuard] lets %s pass', async (_, sequence) => {
        expect(await enter(sequence, 'a', later)).toEqual(open);
      });

      it('[port: StaleGuard] still keeps it out when the repeats fail, and lets through what is in between', async () => {
        for (const sequence of [second, third]) {
          expect(await enter(sequence, 'again', later)).toEqual(open);
          await leave('failed', sequence, 'again', later);
        }
        expect(await enter(first, 'a', later)).toEqual(superseded);
        expect(await enter(`${second.slice(0, 13)}-0000000000000000043`, 'b', later)).toEqual(open);
      });

      it('[port: StaleGuard] counts a late 2xx, and leaves the passage alone that has begun since', async () => {
        expect(await enter(third, 'another', later)).toEqual(open);
        await leave('delivered', second, 'crashed');
        expect(await enter(third, 'a', later)).toEqual({ kind: 'busy', until: later.until });
        await leave('failed', third, 'another', later);
        expect(await enter(first, 'b', later)).toEqual(superseded);
        expect(await enter(second, 'c', later)).toEqual(open);
      });

      it('[port: StaleGuard] never goes back for a late 2xx', async () => {
        expect(await enter(third, 'another', later)).toEqual(open);
        await leave('delivered', third, 'another', later);
        await leave('delivered', second, 'crashed');
        expect(await enter(second, 'a', later)).toEqual(superseded);
      });

      it('[port: StaleGuard] does not take a late failure for the end of another passage', async () => {
        expect(await enter(third, 'another', later)).toEqual(open);
        await leave('failed', second, 'crashed');
        expect(await enter(third, 'a', later)).toEqual({ kind: 'busy', until: later.until });
      });
    });
  });
}
