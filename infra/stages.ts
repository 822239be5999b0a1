import * as z from 'zod';
import { stageSchema } from './stage-schema.ts';

export type Stage = z.infer<typeof stageSchema>;

/** Change these, or add to them; docs/deploy.md says what each option costs. */
const stages = {
  dev: {
    region: 'eu-central-1',
    zones: ['a', 'b', 'c'],
    kafka: {
      kind: 'provisioned',
      brokers: { kind: 'standard', instanceType: 'kafka.t3.small', diskGb: 10 },
      brokersPerZone: 1,
      vpcCidr: '10.40.0.0/22',
    },
    onDestroy: 'delete',
    logRetentionDays: 14,
    logLevel: 'info',
    receiveHook: {},
    alarms: {},
    fanOut: { kind: 'on-demand' },
    respool: { maximumConcurrency: 2 },
    deliver: { maximumConcurrency: 25 },
    replay: { maximumConcurrency: 2 },
  },
  prod: {
    region: 'eu-central-1',
    zones: ['a', 'b', 'c'],
    kafka: {
      kind: 'provisioned',
      brokers: { kind: 'express', instanceType: 'express.m7g.large' },
      brokersPerZone: 1,
      vpcCidr: '10.40.0.0/22',
    },
    onDestroy: 'retain',
    logRetentionDays: 90,
    logLevel: 'info',
    receiveHook: { provisionedConcurrency: 2, reservedConcurrency: 200 },
    alarms: {},
    fanOut: { kind: 'provisioned', answer: 'partitions', minimumPollers: 1, maximumPollers: 12 },
    respool: { maximumConcurrency: 10 },
    deliver: { maximumConcurrency: 200 },
    replay: { maximumConcurrency: 20 },
  },
} as const satisfies Record<string, z.input<typeof stageSchema>>;

/** The most a subscription may ask for anywhere; a test compares it with lib/subscriptions/subscription.ts. */
const mostConcurrency = 100;

/** Most requests at a time that a subscription of the stage may ask for: a slow one leaves half of `deliver` to the others. At least the 10 of the default. */
export function maxConcurrencyPerSubscription({ deliver }: Pick<Stage, 'deliver'>): number {
  return Math.min(mostConcurrency, Math.floor(deliver.maximumConcurrency / 2));
}

/** What fan-out answers when partitions of a batch are to come again. On-demand pollers would take named partitions for success. */
export function batchAnswer({ fanOut }: Pick<Stage, 'fanOut'>): 'partitions' | 'whole' {
  return fanOut.kind === 'provisioned' ? fanOut.answer : 'whole';
}

export const stageNames = Object.keys(stages) as (keyof typeof stages)[];

/** The named stage, in its own region and account or in these, and checked with them: a cluster is of one of each, certificates are of one region. @throws Error that names every value at fault, or the stages there are. */
export function readStage(name: string, region?: string, account?: string): Stage {
  const found = Object.entries(stages).find(([stage]) => stage === name);
  if (found === undefined) throw new Error(`There is no stage "${name}" in infra/stages.ts, only ${stageNames.join(', ')}`);
  return checkStage(name, { ...found[1], ...(region === undefined ? {} : { region }), ...(account === undefined ? {} : { account }) });
}

/** @throws Error that names every value at fault. */
export function checkStage(name: string, values: unknown): Stage {
  const parsed = stageSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new Error(`Stage "${name}" has problems:\n${z.prettifyError(parsed.error)}`);
}
