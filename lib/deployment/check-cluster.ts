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

/** A topic that CloudFormation has just made may not be listed everywhere at once. */
const betweenLooksMs = 5_000;

/**
 * What the cluster is like, compared with what the stack expects. Looks again while a topic is missing, as long as there is time.
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
    const mayPass = findings.missing.length > 0 || bootstrapBrokers === undefined;
    if (!mayPass || parts.remainingTimeMs() < 2 * betweenLooksMs) return findings;
    await parts.wait(betweenLooksMs);
  }
}
