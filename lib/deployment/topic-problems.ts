import type { DescribedTopic } from './cluster-description.ts';
import type { ExpectedTopic } from './deployment-request.ts';

export interface TopicProblems {
  /** The topic is not there, or not yet: this may pass. */
  readonly missing: readonly string[];
  /** Partitions and replication, which nobody can put right in place. */
  readonly lasting: readonly string[];
  /** Settings, which can be changed on the topic at any time. */
  readonly settings: readonly string[];
}

/** How a topic differs from what the stack expects, in words. A setting that the cluster does not say is not held against it. */
export function topicProblems(expected: ExpectedTopic, found: DescribedTopic | undefined): TopicProblems {
  const { name } = expected;
  if (found?.ready !== true)
    return { missing: [`${name} is ${found === undefined ? 'not there' : 'still being made'}`], lasting: [], settings: [] };
  const differs = (what: string, is: unknown, wanted: unknown): string[] =>
    is === wanted ? [] : [`${name} has ${what} ${String(is)} instead of ${String(wanted)}`];
  return {
    missing: [],
    lasting: [
      ...differs('partitions', found.partitions, expected.partitions),
      ...differs('replication', found.replication, expected.replication),
    ],
    settings: Object.entries(expected.settings).flatMap(([setting, wanted]) => {
      const is = found.settings[setting];
      return is === undefined ? [] : differs(setting, is, wanted);
    }),
  };
}
