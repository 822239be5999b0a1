import type { KafkaSettings } from './kafka-schema.ts';
import type { Stage } from './stages.ts';

/** Each way to have Kafka, by name, with made-up values where an account has its own: what `npm run synth` and the tests try every stage with. */
export const kafkaModes: Readonly<Record<string, KafkaSettings>> = {
  standard: {
    kind: 'provisioned',
    brokers: { kind: 'standard', instanceType: 'kafka.m7g.large', diskGb: 100 },
    brokersPerZone: 1,
    vpcCidr: '10.40.0.0/22',
  },
  express: {
    kind: 'provisioned',
    brokers: { kind: 'express', instanceType: 'express.m7g.large' },
    brokersPerZone: 1,
    vpcCidr: '10.40.0.0/22',
  },
  existing: existing({ endpoints: 'create', topics: 'create' }),
  'existing-ready': existing({ endpoints: 'present', topics: 'present' }),
};

export function withKafka(stage: Stage, mode: string): Stage {
  const kafka = kafkaModes[mode];
  if (kafka === undefined) throw new Error(`There is no Kafka mode "${mode}", only ${Object.keys(kafkaModes).join(', ')}`);
  return { ...stage, kafka };
}

function existing(choices: { readonly endpoints: 'create' | 'present'; readonly topics: 'create' | 'present' }): KafkaSettings {
  return {
    kind: 'existing',
    brokers: 'standard',
    clusterArn: 'arn:aws:kafka:eu-central-1:111122223333:cluster/shared/1a2b3c4d-0000-4000-8000-000000000000-5',
    securityGroupId: 'sg-0123456789abcdef0',
    vpcId: 'vpc-0123456789abcdef0',
    subnets: ['a', 'b', 'c'].map((letter, at) => ({
      id: `subnet-0123456789abcdef${at}`,
      zone: `eu-central-1${letter}`,
      routeTableId: `rtb-0123456789abcdef${at}`,
    })),
    ...choices,
  };
}
