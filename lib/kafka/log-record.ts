import type { KafkaMessage } from 'kafkajs';
import type { LogRecord } from '../intake/change-log.ts';

type HeaderValue = NonNullable<KafkaMessage['headers']>[string];

/** A Kafka message in the words of our port. Header values that Kafka holds as null become empty. */
export function toLogRecord(topic: string, partition: number, message: KafkaMessage): LogRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: Object.entries(message.headers ?? {}).flatMap(([name, value]) => headerValues(value).map((bytes) => ({ name, value: bytes }))),
  };
}

/** kafkajs gives a list where a name occurs more than once. */
function headerValues(value: HeaderValue): Buffer[] {
  const values = Array.isArray(value) ? value : [value];
  return values.map((one) => (Buffer.isBuffer(one) ? one : Buffer.from(one ?? '')));
}
