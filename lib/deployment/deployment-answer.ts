import type { DeploymentRequest } from './deployment-request.ts';

/** What CloudFormation is told. `data` becomes the attributes of the resource. */
export type DeploymentAnswer =
  { readonly kind: 'success'; readonly data: Readonly<Record<string, string>> } | { readonly kind: 'failed'; readonly reason: string };

/** Ends when CloudFormation's storage has the answer; throws when it does not take it. */
export type SendAnswer = (url: string, body: string) => Promise<void>;

/** Answers have 4,096 bytes at most. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const maxReasonLength = 1_000;

/**
 * The answer's body. The resource keeps its physical id from its making to its end, whatever is asked of it: another id would tell
 * CloudFormation to delete the one before.
 */
export function answerBody(request: DeploymentRequest, answer: DeploymentAnswer): string {
  return JSON.stringify({
    Status: answer.kind === 'success' ? 'SUCCESS' : 'FAILED',
    StackId: request.StackId,
    RequestId: request.RequestId,
    LogicalResourceId: request.LogicalResourceId,
    PhysicalResourceId: request.PhysicalResourceId ?? 'cluster-setup',
    ...(answer.kind === 'success' ? { Data: answer.data } : { Reason: answer.reason.slice(0, maxReasonLength) }),
  });
}
