import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Alias, type IFunction, type IVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { FunctionName } from '#lib/config/function-settings.ts';
import { ChangeLog } from './constructs/change-log.ts';
import { FrontDoor } from './constructs/front-door.ts';
import { RelayKeys } from './constructs/keys.ts';
import { Quarantine } from './constructs/quarantine.ts';
import { RelayFunction, type RelayFunctionProps } from './constructs/relay-function.ts';
import type { Keeping } from './constructs/relay-log-group.ts';
import { RelayNetwork } from './constructs/relay-network.ts';
import { RelayQueue } from './constructs/relay-queue.ts';
import { Stores } from './constructs/stores.ts';
import { type Places, settingsFrom } from './settings.ts';
import type { Stage } from './stages.ts';

/**
 * SQS's most. The relay counts its own attempts, ten at most; every hand-back and every throttled receive counts here too, and a
 * message must never leave its lane before the relay says so.
 */
const maxReceiveCount = 1_000;

export interface RelayStackProps extends StackProps {
  readonly stage: Stage;
  readonly env: { readonly region: string; readonly account?: string };
}

/**
 * Okta → HTTP API → receive-hook → Kafka → fan-out → deliveries.fifo → deliver → subscribers. While Kafka is out of reach:
 * receive-hook → change-spool.fifo → respool → Kafka. Beside it, admin; and for what is asked for again: admin → replays.fifo → replay →
 * replay-deliveries.fifo → deliver.
 */
export class RelayStack extends Stack {
  readonly #zones: string[];

  constructor(scope: Construct, id: string, props: RelayStackProps) {
    super(scope, id, { ...props, description: 'okta-event-relay: Okta event hooks as ordered, signed webhooks' });
    const { stage } = props;
    this.#zones = stage.zones.map((letter) => `${props.env.region}${letter}`);
    const removalPolicy = stage.onDestroy === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const keeping: Keeping = { removalPolicy, logRetentionDays: stage.logRetentionDays };

    const keys = new RelayKeys(this, 'Keys', { removalPolicy });
    const network = new RelayNetwork(this, 'Network', { kafka: stage.kafka, zones: this.#zones, keys, keeping });
    const places: Places = {
      keys,
      changes: new ChangeLog(this, 'Changes', { kafka: stage.kafka, network, keys, keeping }),
      // No dead letters: in an outage of Kafka every try is a receive, and a limit would throw good changes out of their order.
      changeSpool: new RelayQueue(this, 'ChangeSpool', { name: 'changeSpool', keys, removalPolicy }),
      stores: new Stores(this, 'Stores', { keys, removalPolicy }),
      quarantine: new Quarantine(this, 'Quarantine', { keys, removalPolicy }),
      deliveries: new RelayQueue(this, 'Deliveries', { name: 'deliveries', keys, removalPolicy, maxReceiveCount }),
      // No dead letters: each turn of a long replay is a receive.
      replays: new RelayQueue(this, 'Replays', { name: 'replays', keys, removalPolicy }),
      replayDeliveries: new RelayQueue(this, 'ReplayDeliveries', { name: 'replayDeliveries', keys, removalPolicy, maxReceiveCount }),
    };

    const settings = settingsFrom(places, stage);
    const relayFunction = (name: FunctionName, more: Partial<RelayFunctionProps> = {}): RelayFunction =>
      new RelayFunction(this, pascal(name), { name, settings, keeping, key: keys.data, ...more });
    const besideBrokers = { vpc: network.vpc, subnets: network.subnets, securityGroup: network.functions };
    const { reservedConcurrency } = stage.receiveHook;

    const receiveHook = relayFunction('receive-hook', { network: besideBrokers, reservedConcurrency });
    takeIn(receiveHook, relayFunction('respool', { network: besideBrokers }), places, stage);
    const deliver = relayFunction('deliver');
    deliverOut(relayFunction('fan-out'), deliver, places, stage);
    sendAgain(relayFunction('replay', { network: besideBrokers }), deliver, places, stage);
    const admin = relayFunction('admin');
    places.stores.grantAdminister(admin.role);
    places.quarantine.grantList(admin.role);
    places.replays.grantSend(admin.role);

    const door = new FrontDoor(this, 'FrontDoor', {
      receiveHook: warm(receiveHook, stage),
      admin: admin.function,
      keeping,
      key: keys.data,
    });
    this.#say('HookUrl', `${door.url}/okta/ORG/events`, 'For Okta: put the name of the org in place of ORG');
    this.#say('AdminUrl', `${door.url}/v1`, 'For callers with execute-api:Invoke, signed with SigV4');
    this.#say('OrgsTable', places.stores.orgs.table.tableName, 'Next: put an org here (docs/deploy.md, "The first org")');
  }

  /** Said by the stage, so that nothing is looked up in an account. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }

  #say(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

/** From Okta to Kafka, by the spool when Kafka is out of reach. */
function takeIn(receiveHook: RelayFunction, respool: RelayFunction, places: Places, stage: Stage): void {
  const { changes, changeSpool, quarantine, stores } = places;
  stores.grantCheckHooks(receiveHook.role);
  quarantine.grantKeep(receiveHook.role);
  changes.grantAppend(receiveHook);
  changeSpool.grantSend(receiveHook.role);
  // A version is made when the template changes, and the brokers' addresses are not in the template.
  receiveHook.function.invalidateVersionBasedOn(changes.size);

  quarantine.grantKeep(respool.role);
  changes.grantAppend(respool);
  changeSpool.feed(respool, stage.respool);
}

/** From Kafka to the subscribers. */
function deliverOut(fanOut: RelayFunction, deliver: RelayFunction, places: Places, stage: Stage): void {
  const { changes, deliveries, quarantine, stores } = places;
  stores.grantMatchSubscriptions(fanOut.role);
  quarantine.grantKeep(fanOut.role);
  deliveries.grantSend(fanOut.role);
  changes.feed(fanOut, stage.fanOut);

  stores.grantSettleDeliveries(deliver.role);
  quarantine.grantKeep(deliver.role);
  deliveries.feed(deliver, stage.deliver);
}

/** From Kafka to one subscriber once more, beside the live deliveries and not among them. */
function sendAgain(replay: RelayFunction, deliver: RelayFunction, places: Places, stage: Stage): void {
  const { changes, replays, replayDeliveries, stores } = places;
  stores.grantReplay(replay.role);
  changes.grantReadRange(replay);
  replayDeliveries.grantSend(replay.role);
  replays.feed(replay, { maximumConcurrency: 2 });
  replayDeliveries.feed(deliver, { ...stage.replay, id: 'ReplayedMessages' });
}

/** With provisioned concurrency requests go to an alias, for versions alone can be kept warm. */
function warm({ function: target }: RelayFunction, stage: Stage): IFunction {
  const { provisionedConcurrency } = stage.receiveHook;
  if (provisionedConcurrency === undefined) return target;
  // CDK declares optional members without `| undefined`, which exactOptionalPropertyTypes holds against its own classes.
  const version = target.currentVersion as IVersion;
  return new Alias(target, 'Live', { aliasName: 'live', version, provisionedConcurrentExecutions: provisionedConcurrency }) as IFunction;
}

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
