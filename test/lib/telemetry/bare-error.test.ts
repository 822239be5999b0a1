import { describe, expect, it } from 'vitest';
import { AwsFailure } from '#lib/aws/aws-failure.ts';
import { RelayError } from '#lib/errors.ts';
import { bareError } from '#lib/telemetry/bare-error.ts';
import { toldBy } from '../../support/told-by.ts';

const canary = 'ana.ito@example.com';
const named = (name: unknown) => Object.assign(new Error(canary), { name });

describe('a bare error', () => {
  it('of ours has its code, message, facts and place, and nothing of its cause', () => {
    const given = new RelayError('KEY_UNAVAILABLE', 'KMS did not answer with a key', { facts: { attempts: 3 }, cause: new Error(canary) });
    const bare = bareError(Object.assign(given, { originalError: new Error(canary), request: { body: canary } }));
    expect(bare).toBeInstanceOf(RelayError);
    expect(bare).toMatchObject({ name: 'RelayError', code: 'KEY_UNAVAILABLE', message: given.message, facts: { attempts: 3 } });
    expect(bare.stack).toMatch(/^RelayError: KMS did not answer with a key\n {4}at .*bare-error\.test\.ts/);
    expect(toldBy(bare)).not.toContain(canary);
  });

  it.each<[string, unknown]>([
    ['TypeError', new TypeError(canary)],
    ['TypeError', Object.assign(new TypeError(canary), { code: canary, [canary]: 1, errors: [new Error(canary)] })],
    ['SyntaxError', new SyntaxError(`Unexpected ${canary}\n    at ${canary} (file:///here.ts:1:1)`)],
    ['Error', new Error('away', { cause: canary })],
    ['AggregateError', new AggregateError([new Error(canary)], canary)],
    [
      'ValidationException',
      new AwsFailure({ status: 400, body: JSON.stringify({ __type: 'com.amazonaws#ValidationException', message: canary }) }),
    ],
    ['Error', named(canary)],
    ['Error', named('x'.repeat(65))],
    ['Error', named({ toString: () => canary })],
    ['TypeError', Object.assign(new TypeError(canary), { stack: canary })],
    ['TypeError', Object.assign(new TypeError(canary), { stack: { at: canary } })],
    ['TypeError', Object.assign(new TypeError(`${canary}\n    at ${canary}`), { message: 'something else' })],
    ['string', canary],
    ['object', { message: canary, stack: canary }],
    ['undefined', undefined],
    ['object', null],
  ])('of a %s that is not ours has its class, and nothing that it was given', (name, thrown) => {
    const bare = bareError(thrown);
    expect(bare).toBeInstanceOf(Error);
    expect(bare.name).toBe(name);
    expect(Object.keys(bare)).toEqual([]);
    expect(toldBy(bare)).not.toContain(canary);
  });

  it('of what is not ours says where it came from', () => {
    expect(bareError(new TypeError(canary)).stack).toMatch(/^TypeError: Not an error of the relay.*\n {4}at .*bare-error\.test\.ts/);
  });
});
