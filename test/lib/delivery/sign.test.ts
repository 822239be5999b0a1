import { describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { signWebhook } from '#lib/delivery/sign.ts';
import { keyPairOf } from '#lib/subscriptions/ed25519-keys.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const secretOf = (length: number): string => `whsec_${Buffer.alloc(length, 7).toString('base64')}`;

describe('signing a webhook', () => {
  it('gives the signature of the known example', () => {
    // The example that the reference libraries of Standard Webhooks share in their tests.
    const headers = signWebhook({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: new Date(1_614_265_330_000),
      body: bytes('{"test": 2432232314}'),
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    });
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('gives the asymmetric signature of the known example', () => {
    // The key pair and the signature that implementations of Standard Webhooks share in their tests.
    const pair = '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
    const headers = signWebhook({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: new Date(1_614_265_330_000),
      body: bytes('{"test": 2432232314}'),
      secrets: [`whsk_${pair}`],
    });
    expect(headers['webhook-signature']).toBe(
      'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    );
    expect(keyPairOf(Buffer.from(pair, 'base64').subarray(0, 32))).toEqual({
      secret: `whsk_${pair}`,
      publicKey: Buffer.from(pair, 'base64').subarray(32).toString('base64'),
    });
  });

  it('is verified by the independent package over the bytes sent, also beyond ASCII, with each of two secrets', () => {
    const body = '{"displayName":"Žofie 🙂 Ito"}';
    const [newer, older] = [secretOf(32), secretOf(24)];
    const headers = signWebhook({ id: 'change-1', at: new Date(), body: bytes(body), secrets: [newer, older] });
    for (const secret of [newer, older]) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secretOf(33)).verify(body, headers)).toThrow('No matching signature');
    expect(() => new Webhook(newer).verify(body.replace('Ž', 'Z'), headers)).toThrow('No matching signature');
    expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  });

  it('puts the newest secret first', () => {
    const sign = (secrets: string[]) => signWebhook({ id: 'a', at: new Date(0), body: bytes('{}'), secrets })['webhook-signature'];
    expect(sign([secretOf(40), secretOf(41)])).toBe(`${sign([secretOf(40)])} ${sign([secretOf(41)])}`);
  });

  it('says the second of the attempt, rounded down', () => {
    const { 'webhook-timestamp': timestamp } = signWebhook({ id: 'a', at: new Date(1_999), body: bytes('{}'), secrets: [secretOf(24)] });
    expect(timestamp).toBe('1');
  });

  it('signs nothing without a secret', () => {
    const sign = () => signWebhook({ id: 'a', at: new Date(0), body: bytes('{}'), secrets: [] });
    expect(sign).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }));
  });

  it.each([
    '',
    'whsec_',
    secretOf(23),
    secretOf(65),
    `whsec_not*base64${'A'.repeat(40)}`,
    secretOf(32).replace('whsec_', ''),
    secretOf(32).replace('whsec_', 'whsk_'),
  ])('refuses %j, which is no signing secret, without repeating it', (secret) => {
    const sign = (): unknown => signWebhook({ id: 'a', at: new Date(0), body: bytes('{}'), secrets: [secret] });
    expect(sign).toThrow(
      expect.objectContaining({ code: 'SECRET_UNREADABLE', facts: {}, message: expect.not.stringContaining('AAAA') as string }),
    );
  });
});
