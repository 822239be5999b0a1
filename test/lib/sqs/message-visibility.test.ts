import { ReceiveMessageCommand } from '#lib/sqs/commands.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqsMessageVisibility } from '#lib/sqs/message-visibility.ts';
import { startDeliveriesQueue, type DeliveriesQueue } from '../../support/deliveries-queue.ts';
import { deliveryTo, subscriptionNamed } from '../../support/deliveries.ts';

let sqs: DeliveriesQueue;
beforeEach(async () => void (sqs = await startDeliveriesQueue()));
afterEach(() => sqs.stop());

const visibility = () => sqsMessageVisibility({ client: sqs.client, queueUrl: sqs.queueUrl });

async function receiveOne(): Promise<string> {
  await sqs.queue.send([deliveryTo(subscriptionNamed('payroll'), 'ana', 'ana-0')]);
  const { Messages } = await sqs.client.send(new ReceiveMessageCommand({ QueueUrl: sqs.queueUrl }));
  return Messages?.[0]?.ReceiptHandle ?? '';
}
const askedFor = () =>
  sqs.proxy.calls.filter(({ operation }) => operation === 'ChangeMessageVisibility').map(({ input }) => input['VisibilityTimeout']);

describe('sqsMessageVisibility', () => {
  it('hands a message back at once with 0', async () => {
    await visibility().change(await receiveOne(), 0);

    expect(await sqs.drain()).toHaveLength(1);
  });

  it('keeps a message away for the seconds it is told', async () => {
    await visibility().change(await receiveOne(), 30);

    expect(await sqs.drain()).toEqual([]);
  });

  it.each([
    { seconds: -5, asked: 0 },
    { seconds: 4.2, asked: 5 },
    { seconds: 42_300, asked: 42_300 },
    { seconds: 43_200, asked: 42_300 },
    { seconds: 90_000, asked: 42_300 },
  ])('asks for $asked s when told $seconds s', async ({ seconds, asked }) => {
    await visibility().change(await receiveOne(), seconds);

    expect(askedFor()).toEqual([asked]);
  });

  it('ends without an error when the message has shown itself again', async () => {
    const handle = await receiveOne();
    await visibility().change(handle, 0);

    await expect(visibility().change(handle, 30)).resolves.toBeUndefined();
  });

  it.each([
    { name: 'MessageNotInflight' },
    { name: 'ReceiptHandleIsInvalid' },
    {
      name: 'InvalidParameterValue',
      message: 'Value AQEB for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.',
    },
  ])('ends without an error when SQS answers $name', async ({ name, message }) => {
    const handle = await receiveOne();
    sqs.proxy.inject(() => ({ kind: 'error', name, ...(message === undefined ? {} : { message }) }));

    await expect(visibility().change(handle, 30)).resolves.toBeUndefined();
  });

  it.each([
    { name: 'QueueDoesNotExist' },
    { name: 'AccessDeniedException' },
    { name: 'InvalidParameterValue', message: 'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]' },
  ])('throws DELIVERY_QUEUE_UNAVAILABLE when SQS answers $name', async ({ name, message }) => {
    const handle = await receiveOne();
    sqs.proxy.inject(() => ({ kind: 'error', name, ...(message === undefined ? {} : { message }) }));

    await expect(visibility().change(handle, 30)).rejects.toMatchObject({
      code: 'DELIVERY_QUEUE_UNAVAILABLE',
      facts: { vendorError: name },
    });
  });
});
