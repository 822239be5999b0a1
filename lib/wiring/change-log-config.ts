import { environmentVariable } from '../config/environment.ts';
import { readConfig } from '../config/read-config.ts';
import type { VariableName } from '../config/variables.ts';

const forKafka = ['KAFKA_BROKERS', 'KAFKA_AUTH', 'CHANGE_TOPIC'] as const;

/**
 * The named settings with CHANGE_LOG, and those of Kafka where that is the change log. The choice is read ahead of the rest, so
 * that one failure at start lists what is wrong with all of it.
 * @throws RelayError CONFIG_INVALID
 */
export function readConfigWithChangeLog<const Name extends VariableName>(names: readonly Name[]) {
  const always = ['CHANGE_LOG', ...names] as const;
  return readConfig(environmentVariable('CHANGE_LOG') === 'embedded' ? always : [...always, ...forKafka]);
}
