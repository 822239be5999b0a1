import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliverParts } from '#lib/lanes/deliver-parts.ts';
import { RelayError } from '#lib/errors.ts';
import { answered, DeliverHarness, inLane, withCalls } from './deliver-harness.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';

const minute = 60_000;
let harness: DeliverHarness;
beforeEach(() => {
  harness = new DeliverHarness();
});
const fact = deliveryMessage({ change: 'fact', type: 'identity.user.updated' });
const leaver = deliveryMessage({ change: 'leaver', type: 'identity.user.deactivated' });
const failing = (...ids: string[]) => {
  harness.answer = ({ headers }) => answered(ids.includes(headers['webhook-id'] ?? '') ? 503 : 200, '600');
};

describe('a removal that comes twice into a parked lane', () => {
  it('makes nobody yield who came after it and was never tried', async () => {
    failing('leaver');
    await harness.run([inLane(leaver), inLane(fact), inLane(leaver, 2)]);
    harness.nowMs += 11 * minute;
    failing();
    // The subscription's limit ends the work between the removal and what is behind it.
    let places = 1;
    const limiter: DeliverParts['limiter'] = {
      enter: () => Promise.resolve((places -= 1) < 0 ? { kind: 'full', retryMs: 500 } : { kind: 'open', leave: () => undefined }),
    };
    const releases = await harness.releases();
    await harness.run(releases, { limiter });
    await harness.run(releases);
    expect(harness.sentIds()).toEqual(['leaver', 'leaver', 'fact']);
    expect(harness.recordOf('fact')?.status).toBe('delivered');
  });

  it('makes nobody yield who fails since it was delivered', async () => {
    failing('leaver', 'fact');
    await harness.run([inLane(leaver), inLane(fact)]);
    harness.nowMs += 11 * minute;
    failing('fact');
    await harness.run(await harness.releases());
    expect(harness.recordOf('leaver')?.status).toBe('delivered');
    expect((await harness.run([inLane(leaver, 3)])).counts).toMatchObject({ duplicate: 1 });
    expect(harness.recordOf('fact')).toMatchObject({ status: 'parked', attempts: [{ status: 503 }] });
  });
});

describe('a removal behind a head that is not due', () => {
  it('gets the one place that its subscription has in a second', async () => {
    failing('fact');
    await harness.run([inLane(fact)]);
    // One in each second, and each batch is within one.
    const limiterOfASecond = (): DeliverParts['limiter'] => {
      let places = 1;
      return {
        enter: () => Promise.resolve((places -= 1) < 0 ? { kind: 'full', retryMs: 500 } : { kind: 'open', leave: () => undefined }),
      };
    };
    await harness.run([inLane(leaver)], { limiter: limiterOfASecond() });
    expect(harness.sentIds()).toEqual(['fact', 'leaver']);
    expect([harness.recordOf('fact')?.reason, harness.recordOf('leaver')?.status]).toEqual(['yielded', 'delivered']);
  });
});

describe('a removal that died', () => {
  it.each([
    ['and left the lane', false],
    ['whose process was killed before it left the lane', true],
  ])('makes nobody yield any more: one %s', async (_, isKilled) => {
    const later = deliveryMessage({ change: 'later', type: 'identity.user.updated' });
    // What waits before it is down for longer than the removal takes to be refused for good.
    harness.answer = ({ headers }) => (headers['webhook-id'] === 'leaver' ? answered(400) : answered(503, '10800'));
    await harness.run([inLane(fact), inLane(later), inLane(leaver)]);
    const killed = withCalls<DeliverParts['lanes']>(harness.lanes, {
      remove: () => Promise.reject(new RelayError('DELIVERY_STORE_UNAVAILABLE', 'killed')),
    });
    for (let wait = 0; wait < 2; wait += 1) {
      harness.nowMs += 35 * minute;
      await harness.run(await harness.releases(), isKilled ? { lanes: killed } : {});
    }
    expect(harness.recordOf('leaver')).toMatchObject({ status: 'dead', reason: 'exhausted' });
    expect(harness.sentIds()).toEqual(['fact', 'later', 'leaver', 'leaver', 'leaver']);

    harness.nowMs += 3 * 60 * minute;
    failing('fact');
    await harness.run(await harness.releases());
    expect(harness.recordOf('fact')).toMatchObject({ status: 'parked' });
    expect(harness.recordOf('later')).toMatchObject({ status: 'parked', attempts: [{ status: 503 }] });
    failing();
    harness.nowMs += 60 * minute;
    await harness.run(await harness.releases());
    expect([harness.recordOf('fact')?.status, harness.recordOf('later')?.status]).toEqual(['delivered', 'delivered']);
  });
});
