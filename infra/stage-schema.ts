import * as z from 'zod';
import { topics } from '#lib/kafka/topics.ts';
import { kafkaSchema } from './kafka-schema.ts';
import { privateRangeSchema } from './private-range.ts';

/** AWS names of log retentions that CloudWatch knows, in days. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const logRetentionDays = z.union(
  [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653].map((days) => z.literal(days)),
);

/** Of a topic that is read by one poller for each partition at most: with more, one idles and is paid. */
const pollers = z.int().min(1).max(topics['identity.changes.v1'].partitions);

const domainSchema = z.strictObject({
  /** The name, whose CNAME you point to what the output says. */
  name: z.hostname(),
  /** A certificate of ACM for it, in the stage's region. */
  certificateArn: z.string().regex(/^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/),
});
const adminDomainSchema = domainSchema.extend({
  /** mTLS: callers need a certificate signed by one of those in this S3 object, in PEM. */
  clientCertificates: z.strictObject({ bucket: z.string().min(3), key: z.string().min(1), version: z.string().min(1) }).optional(),
});
export type DomainSettings = z.infer<typeof adminDomainSchema>;

/** What a stage may say; docs/deploy.md explains each option. */
export const stageSchema = z
  .strictObject({
    /** Where it is deployed, unless `-c region=` says otherwise. */
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/),
    /** The account it may be deployed to, unless `-c account=` says one; without either, whichever account calls. */
    account: z
      .string()
      .regex(/^\d{12}$/)
      .optional(),
    /** The letters of three availability zones of the region. */
    zones: z.tuple([z.string().regex(/^[a-f]$/), z.string().regex(/^[a-f]$/), z.string().regex(/^[a-f]$/)]),
    kafka: kafkaSchema,
    /** What `cdk destroy` does with tables, queues, the quarantine, keys, logs and a cluster of ours. Topics are always retained. */
    onDestroy: z.enum(['delete', 'retain']),
    logRetentionDays,
    logLevel: z.enum(['info', 'warn', 'error']),
    receiveHook: z.strictObject({
      /** Environments kept warm. */
      provisionedConcurrency: z.int().min(1).max(1_000).optional(),
      /** Most requests at a time: what is above gets a 503, which Okta sends once more. Taken out of the account's own limit. */
      reservedConcurrency: z.int().min(1).max(10_000).optional(),
      /** Networks that hook requests may come from. The handler checks: an HTTP API has no firewall. What comes from elsewhere is lost. */
      allowedRanges: z
        .array(z.union([z.cidrv4(), z.cidrv6()]))
        .min(1)
        .optional(),
    }),
    /** Names of our own instead of those that API Gateway makes; its own are closed then. Client certificates at the admin's door only: Okta has none. */
    domains: z.strictObject({ hooks: domainSchema.optional(), admin: adminDomainSchema.optional() }).optional(),
    alarms: z.strictObject({
      /** Who is told by mail; everybody else subscribes to the topic of the output. */
      email: z.email().optional(),
    }),
    /** Event pollers of the Kafka event source mapping. */
    fanOut: z.discriminatedUnion('kind', [
      /** Lambda sees to it once a minute; a batch with a partition that fails comes again as a whole. */
      z.strictObject({ kind: z.literal('on-demand') }),
      /** Paid by the hour. A partition that fails comes again by itself. More than one per partition would idle. */
      z.strictObject({
        kind: z.literal('provisioned'),
        /** `partitions`; or `whole`, as on-demand pollers need it: the step between the two kinds (docs/deploy.md, "Pollers"). */
        answer: z.enum(['partitions', 'whole']),
        minimumPollers: pollers,
        maximumPollers: pollers,
      }),
    ]),
    /** Most respool invocations at a time. */
    respool: z.strictObject({ maximumConcurrency: z.int().min(2).max(1_000) }),
    /** Most deliver invocations at a time. */
    deliver: z.strictObject({
      /** One subscription may take half of it (`maxConcurrencyPerSubscription`), and 10 by default: more than twice that. */
      maximumConcurrency: z.int().min(21).max(1_000),
      /** Webhooks leave from fixed addresses, by NAT gateways in a network of their own. */
      staticEgress: z.strictObject({ vpcCidr: privateRangeSchema, natGateways: z.int().min(1).max(3) }).optional(),
    }),
    /** Most deliver invocations at a time for what replays send again, on top of those for live changes. */
    replay: z.strictObject({ maximumConcurrency: z.int().min(2).max(1_000) }),
  })
  .refine(({ zones }) => new Set(zones).size === 3, { path: ['zones'], error: 'must be three different zones' })
  .refine(({ kafka, region }) => kafka.kind === 'provisioned' || kafka.clusterArn.split(':')[3] === region, {
    path: ['kafka', 'clusterArn'],
    error: "is not in the stage's region",
  })
  // The cluster's topics and groups are named in permissions under the account of the stack.
  .refine(({ kafka, account }) => kafka.kind === 'provisioned' || account === undefined || kafka.clusterArn.split(':')[4] === account, {
    path: ['kafka', 'clusterArn'],
    error: 'is not in the account that the stack goes to',
  })
  .superRefine(({ domains = {}, region }, context) => {
    for (const [door, domain] of Object.entries(domains))
      if (domain !== undefined && domain.certificateArn.split(':')[3] !== region)
        context.addIssue({ code: 'custom', path: ['domains', door, 'certificateArn'], message: "is not in the stage's region" });
  })
  .refine(({ fanOut }) => fanOut.kind === 'on-demand' || fanOut.minimumPollers <= fanOut.maximumPollers, {
    path: ['fanOut'],
    error: 'minimumPollers is above maximumPollers',
  })
  .refine(
    ({ receiveHook: { provisionedConcurrency = 0, reservedConcurrency = Infinity } }) => provisionedConcurrency <= reservedConcurrency,
    {
      path: ['receiveHook'],
      error: 'provisionedConcurrency is above reservedConcurrency',
    },
  );
