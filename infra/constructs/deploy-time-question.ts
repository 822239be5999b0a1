import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import type { Construct, IConstruct } from 'constructs';
import { accept } from '../accept.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';

export interface Question {
  readonly service: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The one value of the answer that is wanted. */
  readonly answer: string;
  /** Action and resource that IAM wants for it. */
  readonly permission: { readonly action: string; readonly resource: string };
  /** The question is asked again when this changes. */
  readonly askAgainWhen: string;
}

/** Asks an AWS API something while the stack is deployed, changes nothing, and forgets nothing when deleted: CloudFormation cannot say it. */
export function askWhenDeployed(
  scope: Construct,
  id: string,
  question: Question & { readonly keeping: Keeping; readonly key: IKey },
): AwsCustomResource {
  const { service, action, parameters, answer } = question;
  const call = { service, action, parameters, outputPaths: [answer], physicalResourceId: PhysicalResourceId.of(question.askAgainWhen) };
  const { permission } = question;
  const stack = Stack.of(scope);
  const asksFirst = stack.node.tryFindChild(askerId) === undefined;
  const resource = new AwsCustomResource(scope, id, {
    resourceType: 'Custom::Question',
    // Asked on create as well, which CDK makes of it.
    onUpdate: call,
    policy: AwsCustomResourcePolicy.fromStatements([
      new PolicyStatement({ actions: [permission.action], resources: [permission.resource] }),
    ]),
    installLatestAwsSdk: false,
    removalPolicy: RemovalPolicy.DESTROY,
    logGroup: sharedLogGroup(scope, question),
  });
  if (permission.resource === '*') accept(resource, 'AwsSolutions-IAM5[Resource::*]', 'The service knows no resource for this question.');
  if (asksFirst) acceptAsker(stack.node.findChild(askerId));
  return resource;
}

/** CDK's own name for the one function of a stack that asks. */
const askerId = 'AWS679f53fac002430cb0da5b7982bd2287';

/** What CDK makes and gives us no hand in: it runs for seconds while the stack is deployed, and CloudFormation hears when it fails. */
function acceptAsker(asker: IConstruct): void {
  const reason = "CDK's own function, which asks while the stack is deployed and never else; a failure stops the deployment.";
  const basicPolicy = 'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
  for (const rule of [
    `AwsSolutions-IAM4[${basicPolicy}]`,
    'Serverless-LambdaDefaultMemorySize',
    'Serverless-LambdaDLQ',
    'Serverless-LambdaTracing',
  ])
    accept(asker, rule, reason);
}

/** All questions of a stack are asked by one function of CDK's, so they share a log group. */
function sharedLogGroup(scope: Construct, props: { readonly keeping: Keeping; readonly key: IKey }): RelayLogGroup {
  const stack = Stack.of(scope);
  const id = 'QuestionLogs';
  const shared = stack.node.tryFindChild(id);
  return shared instanceof RelayLogGroup ? shared : new RelayLogGroup(stack, id, props);
}
