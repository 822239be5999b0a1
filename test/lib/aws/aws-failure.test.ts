import { describe, expect, it } from 'vitest';
import { AwsFailure } from '#lib/aws/aws-failure.ts';

describe('what a service says is wrong', () => {
  it('is SQS’s documented code, where its body names another', () => {
    const body = '{"__type":"com.amazonaws.sqs#SomethingElse","message":"Value \\"x\\" for parameter ReceiptHandle is invalid."}';
    const failure = new AwsFailure({ status: 400, body, queryError: 'InvalidParameterValue;Sender' });
    expect([failure.name, failure.mayPass]).toEqual(['InvalidParameterValue', false]);
    expect(failure.said).toContain('for parameter ReceiptHandle');
    const spaced = new AwsFailure({ status: 400, body: '{}', queryError: 'AWS.SimpleQueueService.MessageNotInflight;Sender' });
    expect(spaced.name).toBe('MessageNotInflight');
  });

  it.each([
    [403, '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>', 'AccessDenied', false],
    [503, '<Error><Code>SlowDown</Code></Error>', 'SlowDown', true],
    [400, '<Error><Code>RequestTimeout</Code></Error>', 'RequestTimeout', true],
    [400, '{"__type":"InvalidCiphertextException"}', 'InvalidCiphertextException', false],
    [400, '{"__type":"com.amazonaws.kms#NotFoundException","message":"no"}', 'NotFoundException', false],
    [400, '{"__type":"ThrottlingException"}', 'ThrottlingException', true],
    [429, '', 'Status429', true],
    [500, '', 'Status500', true],
    [307, '<html>', 'Status307', false],
    [404, `<Code>${'a'.repeat(65)}</Code>`, 'Status404', false],
  ])('with %i %s is %s', (status, answer, name, mayPass) => {
    const failure = new AwsFailure({ status, body: answer });
    expect([failure.name, failure.mayPass]).toEqual([name, mayPass]);
    // What a service repeats of a request stays out of the log.
    expect(failure.message).toBe(`the service answered ${status}`);
  });
});
