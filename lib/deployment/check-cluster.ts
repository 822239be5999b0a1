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

const betweenLooksMs = 5_000;
/** MSK says what a topic is like from a view of about a minute ago. https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html */
const viewAgeMs = 60_000;

export interface Looking {
  readonly cluster: ClusterDescription;
  readonly wait: (ms: number) => Promise<void>;
  remainingTimeMs(): number;
  /** Whether the deployment fails for settings that differ; otherwise they are only told. */
  readonly settingsDecide: boolean;
}

/**
 * What the cluster is like, compared with what the stack expects. Looks again, as long as there is time, while that may put right what the
 * deployment would fail for; at settings that are only told for a minute, in which CloudFormation's own change of them comes into view. What
 * lasts ends it at once: the deployment fails whatever else there is.
 * @throws RelayError CLUSTER_UNAVAILABLE
 */
export async function checkCluster({ ClusterArn, Topics }: ClusterExpectation, parts: Looking): Promise<ClusterFindings> {
  const atFirstMs = parts.remainingTimeMs();
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
    const remainingMs = parts.remainingTimeMs();
    const settingsMayPass = findings.settings.length > 0 && (parts.settingsDecide || atFirstMs - remainingMs < viewAgeMs);
    const mayPass = findings.missing.length > 0 || bootstrapBrokers === undefined || settingsMayPass;
    if (findings.lasting.length > 0 || !mayPass || remainingMs < 2 * betweenLooksMs) return findings;
    await parts.wait(betweenLooksMs);
  }
}
