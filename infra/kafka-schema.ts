import * as z from 'zod';
import { vpcRangeSchema } from './vpc-range.ts';

/** Sizes of MSK's brokers. https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-sizes.html */
const m7g = 'm7g\\.(large|([248]|12|16)?xlarge)';
const m5 = 'm5\\.(large|([248]|12|16|24)?xlarge)';

const brokersSchema = z.discriminatedUnion('kind', [
  /** Standard brokers with a disk of their own. t3.small takes four new IAM connections a second and broker, and ZooKeeper: for trying out only. */
  z.strictObject({
    kind: z.literal('standard'),
    instanceType: z.string().regex(new RegExp(`^kafka\\.(t3\\.small|${m5}|${m7g})$`)),
    diskGb: z.int().min(1).max(16_384),
  }),
  /** Express brokers: storage grows by itself, no maintenance windows. */
  z.strictObject({ kind: z.literal('express'), instanceType: z.string().regex(new RegExp(`^express\\.${m7g}$`)) }),
]);

/** Where the brokers are: in a cluster of the stage's own, or in one that is there. */
export const kafkaSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('provisioned'),
    brokers: brokersSchema,
    /** Three zones with this many brokers each. */
    brokersPerZone: z.int().min(1).max(20),
    vpcCidr: vpcRangeSchema,
  }),
  z.strictObject({
    kind: z.literal('existing'),
    brokers: z.enum(['standard', 'express']),
    /** A provisioned cluster with IAM authentication and Kafka 3.6 or later. */
    clusterArn: z.string().regex(/^arn:aws[\w-]*:kafka:[\w-]+:\d{12}:cluster\/[\w-]+\/[\w-]+$/),
    /** Security group of the brokers. The stack adds rules to it: port 9098 from the functions, and from and to itself (for the poller). */
    securityGroupId: z.string().regex(/^sg-[0-9a-f]+$/),
    vpcId: z.string().regex(/^vpc-[0-9a-f]+$/),
    /** Subnets for receive-hook and respool, from which the brokers are reached. */
    subnets: z
      .array(
        z.strictObject({ id: z.string().regex(/^subnet-[0-9a-f]+$/), zone: z.string(), routeTableId: z.string().regex(/^rtb-[0-9a-f]+$/) }),
      )
      .min(1),
    /** `present`: those subnets reach DynamoDB, S3, SQS and KMS already. */
    endpoints: z.enum(['create', 'present']),
    /** `present`: the topic is there, made as lib/kafka/topics.ts says. */
    topics: z.enum(['create', 'present']),
  }),
]);

export type KafkaSettings = z.infer<typeof kafkaSchema>;
export type ProvisionedKafka = Extract<KafkaSettings, { kind: 'provisioned' }>;
export type ExistingKafka = Extract<KafkaSettings, { kind: 'existing' }>;
