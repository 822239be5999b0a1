import { DescribeTopicCommand, GetBootstrapBrokersCommand, KafkaClient, NotFoundException } from '@aws-sdk/client-kafka';
import { clientOptions, type ClientSettings } from '../aws/client-options.ts';
import type { ClusterDescription } from '../deployment/cluster-description.ts';
import { RelayError } from '../errors.ts';

/** A deployment has minutes, and MSK's API answers slower and throttles sooner than those of the data plane. */
const patience = { requestTimeoutMs: 10_000, maxAttempts: 5 };

/** Describes a cluster by MSK's own API, which answers outside the cluster's network. */
export function mskClusterDescription(settings: ClientSettings): ClusterDescription {
  const client = new KafkaClient(clientOptions({ ...settings, ...patience }));
  return {
    async bootstrapBrokers(clusterArn) {
      const answer = await client
        .send(new GetBootstrapBrokersCommand({ ClusterArn: clusterArn }))
        .catch(unavailable('GetBootstrapBrokers'));
      return answer.BootstrapBrokerStringSaslIam === '' ? undefined : answer.BootstrapBrokerStringSaslIam;
    },

    async topic(clusterArn, name) {
      const answer = await client.send(new DescribeTopicCommand({ ClusterArn: clusterArn, TopicName: name })).catch((error: unknown) => {
        if (error instanceof NotFoundException) return undefined;
        return unavailable('DescribeTopic')(error);
      });
      if (answer === undefined) return undefined;
      return {
        // While it is updated it works as before.
        ready: answer.Status === 'ACTIVE' || answer.Status === 'UPDATING',
        partitions: answer.PartitionCount ?? 0,
        replication: answer.ReplicationFactor ?? 0,
        settings: settingsIn(answer.Configs ?? ''),
      };
    },
  };
}

/** Base64 of Kafka's properties: a line for each, `name=value`. */
function settingsIn(configs: string): Record<string, string> {
  const lines = Buffer.from(configs, 'base64').toString('utf8').split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const equals = line.indexOf('=');
      const name = line.slice(0, Math.max(equals, 0)).trim();
      return /^[\w.]+$/.test(name) ? [[name, line.slice(equals + 1).trim()]] : [];
    }),
  );
}

function unavailable(operation: string): (cause: unknown) => never {
  return (cause) => {
    const reason = cause instanceof Error ? cause.name : typeof cause;
    throw new RelayError('CLUSTER_UNAVAILABLE', `MSK did not carry out ${operation} (${reason})`, { facts: { operation, reason }, cause });
  };
}
