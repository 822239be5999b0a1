import * as z from 'zod';

/** What the stack says a topic must be. Settings are Kafka's names and values. */
export const expectedTopicSchema = z.object({
  name: z.string().min(1),
  partitions: z.int().min(1),
  replication: z.int().min(1),
  settings: z.record(z.string(), z.string()),
});
export type ExpectedTopic = z.infer<typeof expectedTopicSchema>;

const answerableSchema = z.object({
  RequestType: z.string(),
  /** Signed, so it is a secret: whoever has it answers in the function's place. Never logged. */
  ResponseURL: z.url({ protocol: /^https?$/ }),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});
/** Who asks, and where the answer goes. */
export type DeploymentRequest = z.infer<typeof answerableSchema>;

/** CloudFormation makes strings of all values, so the list comes as JSON. */
const propertiesSchema = z.object({
  ClusterArn: z.string().min(1),
  Topics: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        // The parser's own message quotes the text; what matters is where it came from.
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.array(expectedTopicSchema)),
});
export type ClusterExpectation = z.infer<typeof propertiesSchema>;

/** A custom resource's request, or undefined when it does not even say where an answer would go. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html */
export function readDeploymentRequest(event: unknown): DeploymentRequest | undefined {
  return answerableSchema.safeParse(event).data;
}

/** What the stack expects of the cluster, or what is wrong with how it says so. */
export function readClusterExpectation(event: unknown): ClusterExpectation | { readonly problem: string } {
  const parsed = z.object({ ResourceProperties: propertiesSchema }).safeParse(event);
  return parsed.success ? parsed.data.ResourceProperties : { problem: z.prettifyError(parsed.error) };
}
