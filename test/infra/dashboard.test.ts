import { describe, expect, it } from 'vitest';
import { variants } from '../../infra/variants.ts';
import { type Json, readable, resource, resourcesOf, synthesiseStage } from './synthesise.ts';

const everything = synthesiseStage(variants().find(({ name }) => name === 'prod-everything')!.stage);
const body = JSON.parse(readable(resource(everything, 'AWS::CloudWatch::Dashboard').Properties['DashboardBody'])) as { widgets: Json[] };
const graphs = body.widgets.filter(({ type }) => type === 'metric');

/** What a graph draws: "namespace name statistic dimension=value" of each line. */
function linesOf({ properties }: Json): string[] {
  return (properties.metrics as Json[][]).map((metric) => {
    const [namespace, name, ...rest] = metric;
    const { stat } = rest.at(-1) as { stat: string };
    const dimensions = rest.slice(0, -1) as string[];
    const pairs = dimensions.flatMap((word, index) => (index % 2 === 0 ? [` ${word}=${dimensions[index + 1]}`] : []));
    return `${namespace} ${name} ${stat}${pairs.join('')}`;
  });
}

describe('the dashboard draws', () => {
  const drawn = graphs.flatMap(linesOf);

  // What the relay is about, in the order in which a change goes: counts are summed, gauges and depths are not.
  it.each([
    ['accepted', 'relay Accepted Sum'],
    ['quarantined', 'relay Quarantined Sum'],
    ['hook answers that were refusals', 'relay HookAnswers4xx Sum'],
    ['hook answers that were failures', 'relay HookAnswers5xx Sum'],
    ['repeats', 'relay Repeated Sum'],
    ['requests of hooks that nobody confirmed', 'relay UnconfirmedHook Sum'],
    ['spooled', 'relay Spooled Sum'],
    ['depth of the spool', 'AWS/SQS ApproximateNumberOfMessagesVisible Maximum QueueName=ChangeSpoolQueue'],
    ['lag', 'AWS/Lambda OffsetLag Maximum FunctionName=FanOutFunction'],
    ['stuck partitions', 'relay StuckPartitions Sum'],
    ['live deliveries that wait', 'AWS/SQS ApproximateNumberOfMessagesVisible Maximum QueueName=DeliveriesQueue'],
    ['live deliveries in flight', 'AWS/SQS ApproximateNumberOfMessagesNotVisible Maximum QueueName=DeliveriesQueue'],
    ['replayed deliveries that wait', 'AWS/SQS ApproximateNumberOfMessagesVisible Maximum QueueName=ReplayDeliveriesQueue'],
    ['delivered', 'relay Delivered Sum'],
    ['failed', 'relay Failed Sum'],
    ['given up', 'relay Dead Sum'],
    ['superseded', 'relay Superseded Sum'],
    ['deliveries that were parked', 'relay Parked Sum'],
    ['lanes that are parked', 'relay ParkedLanes Maximum'],
    ['open circuits', 'relay OpenCircuits Maximum'],
    ['published to delivered, p50', 'relay DeliveryLatencyMs p50'],
    ['published to delivered, p99', 'relay DeliveryLatencyMs p99'],
    ['the same of removals, p50', 'relay RemovalLatencyMs p50'],
    ['the same of removals, p99', 'relay RemovalLatencyMs p99'],
    ['how long the oldest removal that has not arrived is owed', 'relay OldestRemovalAgeSeconds Maximum'],
  ])('%s', (_, line) => {
    expect(drawn.filter((one) => one === line)).toHaveLength(1);
  });

  it('nothing that is not in the table above', () => {
    expect(drawn).toHaveLength(25);
  });
});

it('shows every alarm of the stack', () => {
  const shown = body.widgets.flatMap(({ type, properties }) => (type === 'alarm' ? (properties.alarms as string[]) : []));
  const alarms = Object.keys(resourcesOf(everything, 'AWS::CloudWatch::Alarm')).map((id) => id.replace(/[0-9A-F]{8}$/, ''));
  expect(shown.sort()).toEqual(alarms.sort());
});
