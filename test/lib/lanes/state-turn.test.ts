import { beforeEach, describe, expect, it } from 'vitest';
import { RelayError } from '#lib/errors.ts';
import type { Passage } from '#lib/lanes/stale-guard.ts';
import { takeTurn } from '#lib/lanes/state-turn.ts';
import { deliveryTo, subscriptionNamed } from '../../support/deliveries.ts';
import { InMemoryStaleGuard } from './in-memory-stale-guard.ts';

const now = new Date('2026-11-22T06:00:00.000Z');
const until = new Date('2026-11-22T06:00:30.000Z');
const away = new RelayError('DELIVERY_STORE_UNAVAILABLE', 'away');
const subscription = subscriptionNamed('payroll');

/** A guard whose store goes away at the nth `enter`, before or after it did what it was asked. */
class FailingGuard extends InMemoryStaleGuard {
  failsAt = Infinity;
  writes = false;
  leaves: 'working' | 'unreachable' = 'working';
  readonly left: string[] = [];
  #entered = 0;

  override async enter(passage: Passage) {
    this.#entered += 1;
    if (this.#entered !== this.failsAt) return super.enter(passage);
    if (this.writes) await super.enter(passage);
    throw away;
  }
  override async leave(passage: Passage, end: Parameters<InMemoryStaleGuard['leave']>[1]) {
    this.left.push(`${passage.stateKey} ${end}`);
    if (this.leaves === 'unreachable') throw new RelayError('DELIVERY_STORE_UNAVAILABLE', 'still away');
    await super.leave(passage, end);
  }
}

let guard: FailingGuard;
beforeEach(() => {
  guard = new FailingGuard();
});
const turn = (id: string, members: Readonly<Record<string, unknown>>, lease = `lease of ${id}`) =>
  takeTurn(guard, { message: deliveryTo(subscription, 'ana', id, members).message, lease, now, until });
const deletion = { type: 'identity.user.deleted' };
const membership = { type: 'identity.group.member_added', statekey: 'users/ana/groups/eng', time: '2026-11-21T12:58:41.000Z' };

describe('a turn whose guard fails', () => {
  it.each([
    ['before', false],
    ['after', true],
  ])('leaves nothing begun when a deletion has its tombstone and the second state throws %s it is written', async (_when, writes) => {
    Object.assign(guard, { failsAt: 2, writes });
    await expect(turn('1', deletion)).rejects.toBe(away);
    // An older membership and another change of the status, each of another claim, need not wait for the lease to run out.
    expect(await turn('2', membership)).toMatchObject({ kind: 'open' });
    expect(await turn('3', { time: '2026-11-21T12:58:41.000Z' })).toMatchObject({ kind: 'open' });
  });

  it('leaves nothing begun when the only state throws after it is written', async () => {
    Object.assign(guard, { failsAt: 1, writes: true });
    await expect(turn('1', {})).rejects.toBe(away);
    expect(await turn('2', { time: '2026-11-21T12:58:41.000Z' })).toMatchObject({ kind: 'open' });
  });

  it('gives back no passage of somebody else', async () => {
    await turn('1', {});
    Object.assign(guard, { failsAt: 2 });
    await expect(turn('2', { time: '2026-11-21T12:58:43.000Z' })).rejects.toBe(away);
    expect(await turn('3', { time: '2026-11-21T12:58:41.000Z' })).toEqual({ kind: 'busy', until });
  });

  it('throws the first error when it can give nothing back, having tried all', async () => {
    Object.assign(guard, { failsAt: 2, leaves: 'unreachable' });
    await expect(turn('1', deletion)).rejects.toBe(away);
    expect(guard.left).toEqual(['users/ana#deleted failed', 'users/ana/status failed']);
  });
});
