import { Duration, Stack } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { MetricName } from '#lib/telemetry/metric-names.ts';
import type { Watched } from '../watch-promises.ts';
import { type Alarms, relayMetric } from './alarms.ts';

const wholeWidth = 24;
const third = { width: 8, height: 6 };
const gauges: readonly MetricName[] = ['ParkedLanes', 'OpenCircuits', 'OldestRemovalAgeSeconds'];

/** What to look at first, in the order in which a change goes: in, through, out; and what is in the way. */
export class RelayDashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, { alarms, ...watched }: Watched & { readonly alarms: Alarms }) {
    super(scope, id);
    this.name = Stack.of(this).stackName;
    new Dashboard(this, 'Dashboard', {
      dashboardName: this.name,
      defaultInterval: Duration.hours(6),
      widgets: [
        [new AlarmStatusWidget({ title: 'Promises', alarms: alarms.alarms, width: wholeWidth, height: 4 })],
        this.#in(watched),
        this.#through(watched),
        this.#out(),
      ],
    });
  }

  #in({ hookDoor, places }: Watched): IWidget[] {
    const depth = places.changeSpool.queue.metricApproximateNumberOfMessagesVisible({ label: 'in the spool' });
    return [
      graph('Accepted, quarantined, spooled', this.#metrics('Accepted', 'Quarantined', 'Spooled')),
      graph('Hook answers that were no 2xx, repeats, unconfirmed hooks', [
        hookDoor.refused,
        hookDoor.failing,
        ...this.#metrics('Repeated', 'UnconfirmedHook'),
      ]),
      graph('Spool depth', [depth]),
    ];
  }

  #through({ fanOut, places: { deliveries, replayDeliveries } }: Watched): IWidget[] {
    const lag = fanOut.function.metric('OffsetLag', { statistic: 'Maximum', label: 'changes behind' });
    const live = deliveries.queue.metricApproximateNumberOfMessagesVisible({ label: 'live' });
    const replayed = replayDeliveries.queue.metricApproximateNumberOfMessagesVisible({ label: 'replayed' });
    const inFlight = deliveries.queue.metricApproximateNumberOfMessagesNotVisible({ label: 'live, in flight' });
    return [
      graph('Fan-out lag', [lag, ...this.#metrics('StuckPartitions')]),
      graph('Deliveries in queues', [live, inFlight, replayed]),
      graph('Parked and open circuits', this.#metrics('ParkedLanes', 'OpenCircuits', 'Parked')),
    ];
  }

  #out(): IWidget[] {
    const latency = (name: MetricName): IMetric[] =>
      ['p50', 'p99'].map((statistic) => relayMetric(this, name, { statistic }).with({ label: `${name} ${statistic}` }));
    return [
      graph('Delivered, failed attempts, given up, superseded', this.#metrics('Delivered', 'Failed', 'Dead', 'Superseded')),
      graph("From Okta's published to the 2xx, ms", latency('DeliveryLatencyMs')),
      graph(
        'The same for removals, ms; oldest one that has not arrived, s',
        latency('RemovalLatencyMs'),
        this.#metrics('OldestRemovalAgeSeconds'),
      ),
    ];
  }

  #metrics(...names: readonly MetricName[]): IMetric[] {
    return names.map((name) => relayMetric(this, name, gauges.includes(name) ? { statistic: 'Maximum' } : {}));
  }
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, ...third });
}
