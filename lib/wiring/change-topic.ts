import type { KafkaConnection } from '../kafka/connection.ts';

interface Settings {
  readonly AWS_REGION: string;
  readonly KAFKA_BROKERS: KafkaConnection['brokers'];
  readonly KAFKA_AUTH: KafkaConnection['auth'];
  readonly CHANGE_TOPIC: string;
}

/** The topic of changes as the settings name it. Brokers know the function by the name that is given here. */
export function changeTopic(functionName: string, config: Settings): KafkaConnection & { readonly topic: string } {
  return {
    brokers: config.KAFKA_BROKERS,
    auth: config.KAFKA_AUTH,
    region: config.AWS_REGION,
    topic: config.CHANGE_TOPIC,
    clientId: `okta-event-relay-${functionName}`,
  };
}
