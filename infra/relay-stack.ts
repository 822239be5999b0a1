import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Alias, type IFunction, type IVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { FunctionName } from '#lib/config/function-settings.ts';
import { EgressNetwork } from './constructs/egress-network.ts';
import { EveryMinute } from './constructs/every-minute.ts';
import { FailedInvocations } from './constructs/failed-invocations.ts';
import { FrontDoor } from './constructs/front-door.ts';
import { HookDoorMetrics } from './constructs/hook-door-metrics.ts';
import { RelayKeys } from './constructs/keys.ts';
import { RelayDashboard } from './constructs/relay-dashboard.ts';
import { RelayFunction, type RelayFunctionProps } from './constructs/relay-function.ts';
import type { Keeping } from './constructs/relay-log-group.ts';
import { RelayNetwork } from './constructs/relay-network.ts';
import { administer, deliverOut, sendAgain, takeIn, wakeUp } from './flows.ts';
import { makePlaces } from './places.ts';
import { settingsFrom } from './settings.ts';
import type { Stage } from './stages.ts';
import { type Watched, watchPromises } from './watch-promises.ts';

export interface RelayStackProps extends StackProps {
  readonly stage: Stage;
  readonly env: { readonly region: string; readonly account?: string };
}

/**
 * Okta → HTTP API → receive-hook → Kafka → fan-out → deliveries.fifo → deliver → subscribers. While Kafka is out of reach:
 * receive-hook → change-spool.fifo → respool → Kafka. What waits longer: deliver → lanes → sweep → deliveries.fifo. Beside it, admin;
 * and for what is asked for again: admin → replays.fifo → replay → replay-deliveries.fifo → deliver.
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
    const failed = new FailedInvocations(this, 'FailedInvocations', { keys, removalPolicy });
    const everyFunction: RelayFunction[] = [];
    const relayFunction = (
      name: FunctionName,
      settings: Readonly<Record<string, string>>,
      more: Partial<RelayFunctionProps> = {},
    ): RelayFunction => {
      const made = new RelayFunction(this, pascal(name), { name, settings, keeping, key: keys.data, ...more });
      everyFunction.push(made);
      return made;
    };

    const setup = relayFunction('cluster-setup', { LOG_LEVEL: stage.logLevel }, { failed });
    keys.grantReadAndWrite(setup.role, 'sqs');
    const places = makePlaces(this, { kafka: stage.kafka, network, keys, keeping, setup });

    const settings = settingsFrom(places, stage, this.stackName);
    const besideBrokers = { vpc: network.vpc, subnets: network.subnets, securityGroup: network.functions };
    const { reservedConcurrency } = stage.receiveHook;

    const receiveHook = relayFunction('receive-hook', settings, { network: besideBrokers, reservedConcurrency });
    takeIn(receiveHook, relayFunction('respool', settings, { network: besideBrokers }), places, stage);
    const fanOut = relayFunction('fan-out', settings);
    const deliver = relayFunction('deliver', settings, this.#egress(stage, keys, keeping));
    deliverOut(fanOut, deliver, places, stage);
    sendAgain(relayFunction('replay', settings, { network: besideBrokers }), deliver, places, stage);
    const sweep = relayFunction('sweep', settings, { failed });
    wakeUp(sweep, places);
    new EveryMinute(this, 'SweepTick', { target: sweep, failed, keys });
    const admin = relayFunction('admin', settings);
    administer(admin, places);

    const door = new FrontDoor(this, 'FrontDoor', {
      receiveHook: warm(receiveHook, stage),
      admin: admin.function,
      reservedConcurrency,
      domains: stage.domains,
      keeping,
      key: keys.data,
    });
    const hookDoor = new HookDoorMetrics(this, 'HookDoor', { door: door.hooks });
    const watched: Watched = { places, stage, hookDoor, receiveHook, fanOut, sweep, functions: everyFunction, failed };
    const alarms = watchPromises(this, watched);
    const dashboard = new RelayDashboard(this, 'Overview', { ...watched, alarms });

    this.#say('HookUrl', `${door.hooks.url}/okta/ORG/events`, 'For Okta: put the name of the org in place of ORG');
    this.#say('AdminUrl', `${door.admin.url}/v1`, 'Next: POST an org to /orgs, signed with SigV4 (docs/deploy.md, "The first org")');
    this.#say(
      'RegisterHook',
      [
        'npm run okta-relay -- hook register --okta-org https://ORG.okta.com --okta-token-env OKTA_API_TOKEN',
        `--hook-url ${door.hooks.url}/okta/ORG/events --secret-env HOOK_SECRET`,
        // The command has no client certificate to show at a door that asks for one.
        stage.domains?.admin?.clientCertificates === undefined
          ? `--from-relay ${door.admin.url}/v1 --relay-region ${props.env.region}`
          : "--types 'identity.*'",
      ].join(' '),
      'After that: makes the event hook at Okta and has it verified (docs/okta.md)',
    );
    this.#say('AlarmsTopic', alarms.topic.topicArn, 'Subscribe to it whoever is to hear of alarms');
    this.#say('QuarantineBucket', places.quarantine.bucket.bucketName, 'Where bodies are kept that could not be carried (docs/errors.md)');
    this.#say('Dashboard', dashboard.name, 'Its name in CloudWatch');
    for (const [id, { dnsTarget }] of Object.entries({ HookDomainTarget: door.hooks, AdminDomainTarget: door.admin }))
      if (dnsTarget !== undefined) this.#say(id, dnsTarget, 'What the name must point to, as a CNAME');
  }

  /** Where webhooks leave from, when that is to be fixed; otherwise deliver is in no network of ours. */
  #egress(stage: Stage, keys: RelayKeys, keeping: Keeping): Partial<RelayFunctionProps> {
    const { staticEgress } = stage.deliver;
    if (staticEgress === undefined) return {};
    const network = new EgressNetwork(this, 'Egress', { ...staticEgress, zones: this.#zones, keys, keeping });
    this.#say('EgressAddresses', network.addresses, 'Where webhooks come from, for the firewalls of subscribers');
    return { network };
  }

  /** Said by the stage, so that nothing is looked up in an account. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }

  #say(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
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
