import { providedChangeLog } from '../config/local-parts.ts';
import { configError } from '../config/read-config.ts';
import type { ChangeLog } from '../intake/change-log.ts';
import { kafkaChangeLog } from '../kafka/kafka-change-log.ts';
import { changeTopic } from './change-topic.ts';

/**
 * The change log as the settings choose it, to be written: Kafka, or what local mode provides.
 * @throws RelayError CONFIG_INVALID when local mode provides none
 */
export function changeLog(
  functionName: string,
  config: { readonly CHANGE_LOG: 'kafka' | 'embedded' } & Parameters<typeof changeTopic>[1],
): ChangeLog {
  if (config.CHANGE_LOG === 'embedded') {
    const provided = providedChangeLog();
    if (provided === undefined) throw configError(['CHANGE_LOG=embedded exists in local mode only']);
    return provided;
  }
  const log = kafkaChangeLog(changeTopic(functionName, config));
  // Begun while the first event is still on its way, and not waited for; it never fails, the first append reports.
  void log.connect();
  return log;
}
