import type { Broker } from './broker.ts';

/**
 * What is wrong before any suite has run; each one fails the run.
 * @param run.broker undefined when no suite needs one
 * @param run.requireKafka the variable REQUIRE_KAFKA: `1`, as in CI, makes a machine without Java or Maven a failure
 */
export function faults(run: {
  readonly planFaults: readonly string[];
  readonly broker: Broker | undefined;
  readonly requireKafka: string | undefined;
}): readonly string[] {
  const { planFaults, broker, requireKafka } = run;
  if (broker?.kind === 'failed') return [...planFaults, `Kafka did not start: ${broker.why}`];
  if (broker?.kind === 'missing' && requireKafka === '1') return [...planFaults, `REQUIRE_KAFKA=1 and Kafka is not here: ${broker.why}`];
  return planFaults;
}
