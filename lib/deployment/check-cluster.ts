import type { ClusterDescription } from './cluster-description.ts';
import type { ClusterExpectation } from './deployment-request.ts';
import { topicProblems } from './topic-problems.ts';

export interface ClusterFindings {
  /** Undefined when the cluster has none for IAM. */
  readonly bootstrapBrokers: string | undefined;
  readonly missing: readonly string[];
  readonly lasting: readonly string[];
  readonly settings: readonly string[];
}

/** MSK says what a topic is like from a view of about a minute ago. https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html */
const betweenLooksMs = 5_000;

/**
 * What the cluster is like, compared with what the stack expects. Looks again while a topic is missing, or has other settings, which
 * CloudFormation may have put right a moment ago, as long as there is time.
 * @throws RelayError CLUSTER_UNAVAILABLE
 */
export async function checkCluster(
  { ClusterArn, Topics }: ClusterExpectation,
  parts: { readonly cluster: ClusterDescription; readonly wait: (ms: number) => Promise<void>; remainingTimeMs(): number },
): Promise<ClusterFindings> {
  for (;;) {
    const bootstrapBrokers = await parts.cluster.bootstrapBrokers(ClusterArn);
    const problems = await Promise.all(
      Topics.map(async (topic) => topicProblems(topic, await parts.cluster.topic(ClusterArn, topic.name))),
    );
    const findings: ClusterFindings = {
      bootstrapBrokers,
      missing: problems.flatMap(({ missing }) => missing),
      lasting: problems.flatMap(({ lasting }) => lasting),
      settings: problems.flatMap(({ settings }) => settings),
    };
    const mayPass = findings.missing.length > 0 || findings.settings.length > 0 || bootstrapBrokers === undefined;
    if (!mayPass || parts.remainingTimeMs() < 2 * betweenLooksMs) return findings;
    await parts.wait(betweenLooksMs);
  }
}
