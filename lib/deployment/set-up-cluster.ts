import { isRelayError } from '../errors.ts';
import { checkCluster, type ClusterFindings } from './check-cluster.ts';
import type { ClusterDescription } from './cluster-description.ts';
import { answerBody, type DeploymentAnswer, type SendAnswer } from './deployment-answer.ts';
import { type DeploymentRequest, readClusterExpectation, readDeploymentRequest } from './deployment-request.ts';

export interface SettingUp {
  readonly cluster: ClusterDescription;
  readonly send: SendAnswer;
  readonly wait: (ms: number) => Promise<void>;
}

export type SetupOutcome =
  | { readonly kind: 'answered'; readonly answer: DeploymentAnswer; readonly error?: unknown; readonly differences: readonly string[] }
  /** Not a request of a custom resource: there is nowhere to answer. */
  | { readonly kind: 'unreadable' };

/** For sending the answer three times, with its waits (lib/deployment/put-answer.ts). */
const answeringMs = 20_000;

/**
 * One request of CloudFormation for the custom resource that stands for the cluster: which brokers it has, and whether the topics
 * are as the stack says. It changes nothing, so each request may come twice, in any order.
 *
 * A delete always succeeds. A create fails when anything differs. An update (which a rollback is too, and nothing tells them apart)
 * fails for a missing topic, another number of partitions, another replication, or when the brokers cannot be told; settings that
 * differ are reported only, for during a rollback they may not have been put back yet.
 * @throws RelayError DEPLOYMENT_UNANSWERED; Lambda then asks once more
 */
export async function setUpCluster(event: unknown, parts: SettingUp, remainingTimeMs: () => number): Promise<SetupOutcome> {
  const request = readDeploymentRequest(event);
  if (request === undefined) return { kind: 'unreadable' };
  const outcome = await outcomeFor(request, event, { ...parts, remainingTimeMs: () => remainingTimeMs() - answeringMs });
  await parts.send(request.ResponseURL, answerBody(request, outcome.answer));
  return { kind: 'answered', ...outcome };
}

interface Outcome {
  readonly answer: DeploymentAnswer;
  readonly error?: unknown;
  readonly differences: readonly string[];
}

async function outcomeFor(
  { RequestType }: DeploymentRequest,
  event: unknown,
  parts: SettingUp & { remainingTimeMs(): number },
): Promise<Outcome> {
  if (RequestType === 'Delete') return { answer: { kind: 'success', data: {} }, differences: [] };
  const expectation = readClusterExpectation(event);
  if ('problem' in expectation) return failed(`The request cannot be read: ${expectation.problem}`, []);
  try {
    const looking = { ...parts, settingsDecide: failsForSettings(RequestType) };
    const findings = await beforeTimeIsUp(checkCluster(expectation, looking), parts);
    return findings === undefined ? failed('The cluster could not be described in time', []) : judge(RequestType, findings);
  } catch (error) {
    // Everything is answered, for CloudFormation would wait for silence to end; the log line gets the error itself.
    return {
      ...failed(isRelayError(error) ? `${error.code}: ${error.message}` : 'Unexpected error: see the log of cluster-setup', []),
      error,
    };
  }
}

/** Only a create: see `setUpCluster`. */
function failsForSettings(requestType: string): boolean {
  return requestType === 'Create';
}

function judge(requestType: string, { bootstrapBrokers, missing, lasting, settings }: ClusterFindings): Outcome {
  const differences = [...missing, ...lasting, ...settings];
  if (bootstrapBrokers === undefined) return failed('The cluster has no brokers for IAM authentication', differences);
  const fatal = failsForSettings(requestType) ? differences : [...missing, ...lasting];
  if (fatal.length > 0) return failed(`Topics are not as lib/kafka/topics.ts says: ${fatal.join('; ')}`, differences);
  return { answer: { kind: 'success', data: { BootstrapBrokers: bootstrapBrokers } }, differences };
}

function failed(reason: string, differences: readonly string[]): Outcome {
  return { answer: { kind: 'failed', reason }, differences };
}

/** Undefined when the work has not ended by then; it is left behind and changes nothing. */
async function beforeTimeIsUp<T>(work: Promise<T>, parts: { remainingTimeMs(): number }): Promise<T | undefined> {
  const { promise: timeIsUp, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, Math.max(0, parts.remainingTimeMs()), undefined);
  try {
    return await Promise.race([work, timeIsUp]);
  } finally {
    clearTimeout(timer);
  }
}
