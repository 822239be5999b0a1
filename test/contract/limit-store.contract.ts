import { describe, expect, it } from 'vitest';
import type { LimitSecond, LimitStore } from '#lib/pacing/limit-store.ts';
import { subscriptionIdSchema } from '#lib/subscriptions/subscription.ts';

let seconds = 1_795_000_000;
const subscription = subscriptionIdSchema.parse('sub_01k9payr0ll0000000000000');
const another = subscriptionIdSchema.parse('sub_01k9another00000000000000');
/** One that no test has touched. */
const fresh = (): LimitSecond => ({ subscription, second: (seconds += 10) });
const caps = { places: 10, tokens: 5 };

/** What every store of limits owes to the limiter. */
export function limitStoreContract(implementation: string, start: () => LimitStore): void {
  describe(`LimitStore × ${implementation}`, () => {
    const store = start();
    const lease = async (...call: Parameters<LimitStore['lease']>) => {
      const { places, tokens } = await store.lease(...call);
      return { places, tokens };
    };

    it('[port: LimitStore] gives what is wanted while it is there, then what is left, then nothing', async () => {
      const of = fresh();
      const want = { places: 4, tokens: 2 };
      expect(await lease(of, { want, caps })).toEqual(want);
      expect(await lease(of, { want, caps })).toEqual(want);
      expect(await lease(of, { want, caps })).toEqual({ places: 2, tokens: 1 });
      expect(await lease(of, { want, caps })).toEqual({ places: 0, tokens: 0 });
    });

    it('[port: LimitStore] gives places alone and tokens alone', async () => {
      const of = fresh();
      expect(await lease(of, { want: { places: 10, tokens: 0 }, caps })).toEqual({ places: 10, tokens: 0 });
      expect(await lease(of, { want: { places: 0, tokens: 9 }, caps })).toEqual({ places: 0, tokens: 5 });
      expect(await lease(of, { want: { places: 0, tokens: 1 }, caps })).toEqual({ places: 0, tokens: 0 });
    });

    it('[port: LimitStore] gives no places where no token is left, and no tokens where no place is', async () => {
      const [tokensGone, placesGone] = [fresh(), fresh()];
      await store.lease(tokensGone, { want: { places: 1, tokens: 5 }, caps });
      expect(await lease(tokensGone, { want: { places: 1, tokens: 1 }, caps })).toEqual({ places: 0, tokens: 0 });
      expect(await lease(tokensGone, { want: { places: 9, tokens: 0 }, caps })).toEqual({ places: 9, tokens: 0 });
      await store.lease(placesGone, { want: { places: 10, tokens: 1 }, caps });
      expect(await lease(placesGone, { want: { places: 1, tokens: 4 }, caps })).toEqual({ places: 0, tokens: 0 });
      expect(await lease(placesGone, { want: { places: 0, tokens: 4 }, caps })).toEqual({ places: 0, tokens: 4 });
    });

    it('[port: LimitStore] keeps seconds and subscriptions apart', async () => {
      const of = fresh();
      const all = { want: { places: 10, tokens: 5 }, caps };
      for (const one of [of, { ...of, second: of.second + 1 }, { ...of, subscription: another }])
        expect(await lease(one, all)).toEqual(all.want);
    });

    it('[port: LimitStore] carries beyond the cap, and gives nothing then', async () => {
      const of = fresh();
      expect(await store.carry(of, 8)).toBe(8);
      expect(await lease(of, { want: { places: 5, tokens: 1 }, caps })).toEqual({ places: 2, tokens: 1 });
      expect(await store.carry(of, 7)).toBe(17);
      expect(await lease(of, { want: { places: 1, tokens: 1 }, caps })).toEqual({ places: 0, tokens: 0 });
      expect(await lease(of, { want: { places: 2, tokens: 0 }, caps: { ...caps, places: 18 } })).toEqual({ places: 1, tokens: 0 });
    });

    it('[port: LimitStore] says of what less is left than was wanted', async () => {
      const of = fresh();
      const lacking = async (places: number, tokens: number) => (await store.lease(of, { want: { places, tokens }, caps })).lacking;
      expect(await lacking(5, 4)).toEqual([]);
      expect(await lacking(1, 2)).toEqual(['tokens']);
      expect(await lacking(1, 1)).toEqual(['tokens']);
      expect(await lacking(9, 0)).toEqual(['places']);
      expect(await lacking(1, 1)).toEqual(['places', 'tokens']);
      expect((await store.lease(fresh(), { want: { places: 11, tokens: 1 }, caps })).lacking).toEqual(['places']);
    });

    it('[port: LimitStore] gives no more than the cap, whatever is wanted first', async () => {
      expect(await lease(fresh(), { want: { places: 99, tokens: 99 }, caps })).toEqual(caps);
    });

    it('[port: LimitStore] gives nothing above a cap that was lowered', async () => {
      const of = fresh();
      await store.lease(of, { want: { places: 10, tokens: 5 }, caps });
      expect(await lease(of, { want: { places: 1, tokens: 0 }, caps: { places: 3, tokens: 0 } })).toEqual({ places: 0, tokens: 0 });
    });

    it('[port: LimitStore] gives many at once no more than there is', async () => {
      const of = fresh();
      const want = { places: 3, tokens: 2 };
      const given = await Promise.all(Array.from({ length: 12 }, () => store.lease(of, { want, caps })));
      expect(given.reduce((sum, { places }) => sum + places, 0)).toBeLessThanOrEqual(caps.places);
      expect(given.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(caps.tokens);
    });
  });
}
