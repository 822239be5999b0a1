import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relayVersion } from '#lib/webhooks/relay-version.ts';
import { webhookHeaders } from '#lib/webhooks/webhook-headers.ts';
import { webhookIdOf } from '#lib/webhooks/webhook-id.ts';
import { deliveryMessage } from '../delivery/delivery-message.ts';

const attempt = { at: new Date(0), body: Buffer.from('{}'), secrets: [`whsec_${Buffer.alloc(32).toString('base64')}`] };

describe('the headers of a webhook', () => {
  it('name the format, the relay with its version, and the change', () => {
    expect(webhookHeaders(deliveryMessage({ change: 'b1a7e2c0-0000-4000-8000-000000000001' }), attempt)).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'user-agent': 'okta-event-relay/0.1.0',
      'webhook-id': 'b1a7e2c0-0000-4000-8000-000000000001',
      'webhook-timestamp': '0',
    });
  });

  it('carry the version of package.json', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(relayVersion).toBe(version);
  });

  it('hand a trace context on, and nothing else in its place', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const of = (value?: string) =>
      webhookHeaders({ ...deliveryMessage(), ...(value === undefined ? {} : { traceparent: value }) }, attempt)['traceparent'];
    expect(of(traceparent)).toBe(traceparent);
    for (const wrong of [undefined, '', 'x', `${traceparent}\r\nx-injected: 1`, `${traceparent}\n`, traceparent.toUpperCase()])
      expect(of(wrong)).toBeUndefined();
  });
});

describe('the webhook-id', () => {
  it.each(['2d050e48-fc0a-11ea-bbf6-1d98632c66b8', 'X_1', 'a'.repeat(128)])('is the id of the change: %s', (id) => {
    expect(webhookIdOf(id)).toBe(id);
  });

  it.each(['a.b', 'a b', 'a\r\nx: y', 'é', '', 'a'.repeat(129), 'a%2Eb', '🙂'])(
    'is a digest where the id would not fit in a header: %j',
    (id) => {
      expect(webhookIdOf(id)).toMatch(/^sha256_[0-9a-f]{64}$/);
    },
  );

  it('is header-safe, without a dot, stable and different for different ids', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 200 }), (one, other) => {
        expect(webhookIdOf(one)).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
        expect(webhookIdOf(one) === webhookIdOf(other)).toBe(one === other);
      }),
    );
  });
});
