import { expect, it } from 'vitest';
import { deliver } from '#lib/lanes/deliver.ts';
import { webhookBody } from '#lib/webhooks/webhook-body.ts';
import { DeliverHarness, answered, received, signingSecret } from '../lanes/deliver-harness.ts';
import { Webhook } from 'standardwebhooks';
import { deliveryMessage, payrollId } from '../delivery/delivery-message.ts';

const { change } = deliveryMessage();
const sentAs = (...subscription: Parameters<typeof webhookBody>[1][]) =>
  subscription.map((one) => JSON.parse(Buffer.from(webhookBody(change, one)).toString('utf8')) as typeof change);

it('is the change, byte for byte as it came, where nothing narrows it', () => {
  expect(Buffer.from(webhookBody(change, { format: 'cloudevents' })).toString('utf8')).toBe(JSON.stringify(change));
});

it('has ids and no names when it is minimal, whatever else is on record', () => {
  const [minimal, confused] = sentAs({ format: 'minimal' }, { format: 'minimal', attributes: ['user'] });
  expect(minimal).toEqual({
    ...change,
    data: { org: 'acme', user: { id: '00u10r4h1xAe2TIcx4x7' }, okta: { eventType: 'user.lifecycle.deactivate' } },
  });
  expect(confused).toEqual(minimal);
});

it('has what is asked for besides', () => {
  const [narrowed] = sentAs({ format: 'cloudevents', attributes: ['user.userName'] });
  expect(narrowed?.data.user).toEqual({ id: '00u10r4h1xAe2TIcx4x7', userName: 'ana@example.com' });
});

it('is narrowed as the subscription asks at the time of the attempt, and signed as it is sent', async () => {
  const relay = new DeliverHarness();
  const statuses = [503, 204];
  relay.answer = () => answered(statuses.shift() ?? 204);
  const message = received('m', 'lane', deliveryMessage());
  await deliver(relay.parts(), [message], () => 300_000);
  const seen = await relay.subscriptions.find(payrollId);
  if (seen === undefined) throw new Error('no subscription');
  await relay.subscriptions.change(seen, { attributes: ['user.displayName'], at: new Date(relay.nowMs) });
  relay.nowMs += 6_000;
  await deliver(relay.parts(), [message], () => 300_000);
  const bodies = relay.sent.map(({ body }) => (JSON.parse(Buffer.from(body).toString('utf8')) as typeof change).data.user);
  expect(bodies).toEqual([
    { id: '00u10r4h1xAe2TIcx4x7', userName: 'ana@example.com', displayName: 'Ana Ito' },
    { id: '00u10r4h1xAe2TIcx4x7', displayName: 'Ana Ito' },
  ]);
  for (const { headers, body } of relay.sent) {
    const sign = new Webhook(signingSecret).sign(headers['webhook-id'] ?? '', new Date(Number(headers['webhook-timestamp']) * 1_000), Buffer.from(body).toString('utf8')); // prettier-ignore
    expect(headers['webhook-signature']).toBe(sign);
  }
});
