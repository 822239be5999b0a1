import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { deliver } from '#lib/lanes/deliver.ts';
import { yieldDelivery } from '#lib/lanes/work-delivery.ts';
import { storedSubscription } from '../subscriptions/stored-subscription.ts';
import { answered, DeliverHarness, received } from '../lanes/deliver-harness.ts';
import { deliveryMessage, payrollId } from './delivery-message.ts';

/** Queued whole, with `Ana Ito` in it, before the subscription asked for less. */
const whole = deliveryMessage({ change: 'c-1' });
const original = storedSubscription(1, { id: payrollId });
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const run = (replacing: Partial<DeliverParts> = {}) => deliver(harness.parts(replacing), [received('1', 'g', whole)], () => 60_000);
const narrow = () => harness.subscriptions.change(original, { attributes: ['user.userName'], at: new Date(harness.nowMs) });

async function expectNarrowLetter(reason: string): Promise<void> {
  const letter = await harness.store.letter(whole.delivery);
  if (letter === undefined || 'unreadable' in letter) throw new Error('there is no letter that can be read');
  expect(letter.delivery).toMatchObject({ status: 'dead', reason });
  expect(letter.message).toMatchObject({ ...whole, change: { id: 'c-1', data: { user: { id: '00u10r4h1xAe2TIcx4x7', userName: 'ana@example.com' } } } }); // prettier-ignore
  expect(letter.message.change.data.user).not.toHaveProperty('displayName');
  expect(JSON.stringify(letter)).not.toContain('Ana Ito');
}

describe('the letter of a subscription that asks for less by now', () => {
  it('holds no more of what failed', async () => {
    await narrow();
    harness.answer = () => answered(410);
    await run();
    await expectNarrowLetter('gone');
  });

  it('holds no more of what expired', async () => {
    harness.answer = () => answered(503, '600');
    await run();
    await narrow();
    harness.nowMs += 7 * 24 * 60 * 60_000 + 1;
    await run();
    await deliver(harness.parts(), await harness.releases(), () => 60_000);
    await expectNarrowLetter('expired');
  });

  it('holds no more of what is owed to a disabled subscription', async () => {
    await narrow();
    await harness.subscriptions.setStatus(payrollId, { status: 'disabled', from: ['active'], at: new Date(harness.nowMs) });
    await run();
    await expectNarrowLetter('subscription-disabled');
  });

  it('holds no more of what yielded', async () => {
    await narrow();
    expect(await yieldDelivery(harness.parts(), whole)).toMatchObject({ kind: 'dead', reason: 'yielded' });
    await expectNarrowLetter('yielded');
  });

  it('is not written where the subscription was deleted before it yielded', async () => {
    harness.subscriptions.clear();
    expect(await yieldDelivery(harness.parts(), whole)).toEqual({ kind: 'cancelled' });
    expect(await harness.store.letter(whole.delivery)).toBeUndefined();
    expect(await harness.store.find(whole.delivery)).toMatchObject({ status: 'cancelled', reason: 'subscription-deleted' });
  });
});
