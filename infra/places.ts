import type { Construct } from 'constructs';
import { ChangeLog, type ChangeLogProps } from './constructs/change-log.ts';
import { Quarantine } from './constructs/quarantine.ts';
import { RelayQueue } from './constructs/relay-queue.ts';
import { Stores } from './constructs/stores.ts';
import type { Places } from './settings.ts';

/**
 * SQS's most. The relay counts its own attempts, ten at most; every hand-back and every throttled receive counts here too, and a
 * message must never leave its lane before the relay says so. While infrastructure fails the relay lets up to five minutes pass between
 * two receives, so that a thousand of them last for more than three days.
 */
const maxReceiveCount = 1_000;

/** Where things are kept between the functions, in the order in which a change comes by. */
export function makePlaces(scope: Construct, props: ChangeLogProps): Places {
  const { keys } = props;
  const { removalPolicy } = props.keeping;
  return {
    keys,
    changes: new ChangeLog(scope, 'Changes', props),
    changeSpool: new RelayQueue(scope, 'ChangeSpool', {
      name: 'changeSpool',
      keys,
      removalPolicy,
      noDeadLetters: 'In an outage of Kafka every try is a receive, and a limit would throw good changes out of their order.',
    }),
    stores: new Stores(scope, 'Stores', { keys, removalPolicy }),
    quarantine: new Quarantine(scope, 'Quarantine', { keys, keeping: props.keeping }),
    deliveries: new RelayQueue(scope, 'Deliveries', { name: 'deliveries', keys, removalPolicy, maxReceiveCount }),
    replays: new RelayQueue(scope, 'Replays', {
      name: 'replays',
      keys,
      removalPolicy,
      noDeadLetters: 'Each turn of a long replay is a receive, and one that cannot go on is marked failed.',
    }),
    replayDeliveries: new RelayQueue(scope, 'ReplayDeliveries', { name: 'replayDeliveries', keys, removalPolicy, maxReceiveCount }),
  };
}
