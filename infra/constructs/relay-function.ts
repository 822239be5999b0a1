import { Duration, Stack } from 'aws-cdk-lib';
import type { IVpc, ISecurityGroup, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionSettings, type FunctionName } from '#lib/config/function-settings.ts';
import { accept, acceptWildcard } from '../accept.ts';
import { bundledCode } from './bundled-code.ts';
import type { FailedInvocations } from './failed-invocations.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';

export interface RelayFunctionProps {
  readonly name: FunctionName;
  /** Every setting of the stack by its variable's name; the function gets those that it is said to read. */
  readonly settings: Readonly<Record<string, string>>;
  readonly keeping: Keeping;
  readonly key: IKey;
  readonly network?: { readonly vpc: IVpc; readonly subnets: SubnetSelection; readonly securityGroup: ISecurityGroup };
  readonly reservedConcurrency?: number | undefined;
  /** For a function that is invoked asynchronously: where an invocation ends that failed for good. */
  readonly failed?: FailedInvocations;
}

/** What Lambda does in the role's name to attach a function to a network. EC2 knows no resource for most of it, hence "*" below. */
const networkInterfaceActions = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** One folder of functions/ as a Lambda function: Node 24 on arm64, one ES module, a role and a log group of its own. */
export class RelayFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: RelayFunctionProps) {
    super(scope, id);
    const { memoryMb, timeoutSeconds, about, variables } = functionSettings[props.name];
    const logGroup = new RelayLogGroup(this, 'Logs', props);
    this.logGroup = logGroup;
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description: about });
    this.role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
    );
    if (props.network !== undefined) this.#allowNetworkInterfaces();
    this.function = new LambdaFunction(this, 'Function', {
      description: about,
      code: bundledCode(props.name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMb,
      timeout: Duration.seconds(timeoutSeconds),
      environment: { ...settingsOf(props.name, variables, props.settings), NODE_OPTIONS: '--enable-source-maps' },
      role: this.role,
      logGroup,
      ...(props.network === undefined
        ? {}
        : { vpc: props.network.vpc, vpcSubnets: props.network.subnets, securityGroups: [props.network.securityGroup] }),
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(props.failed === undefined ? {} : { deadLetterQueue: props.failed.queue }),
    });
    accept(
      this.function,
      'Serverless-LambdaTracing',
      'A change carries its trace (traceparent) through Kafka, queues and webhooks, where X-Ray does not follow (docs/deploy.md, "Traces").',
    );
    if (props.failed === undefined)
      accept(this.function, 'Serverless-LambdaDLQ', 'It is never invoked asynchronously: the caller, the queue or the log tries again.');
  }

  /**
   * What Lambda does with the role in the function's name is not for the function's own code: only what that asks for comes with the
   * function's ARN, and neither making network interfaces nor reading an event source does.
   * https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
   */
  denyToCode(actions: readonly string[]): void {
    const { partition, region, account } = Stack.of(this);
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: [...actions],
        resources: ['*'],
        conditions: { ArnLike: { 'lambda:SourceFunctionArn': `arn:${partition}:lambda:${region}:${account}:function:*` } },
      }),
    );
  }

  /** Lambda may make interfaces with the role; the function's own code may not. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
  #allowNetworkInterfaces(): void {
    acceptWildcard(this.role, '*', 'EC2 knows no resource for attaching a function to a network; the code of the function is denied it.');
    this.role.addToPrincipalPolicy(new PolicyStatement({ actions: networkInterfaceActions, resources: ['*'] }));
    this.denyToCode(networkInterfaceActions);
  }
}

function settingsOf(name: FunctionName, variables: readonly string[], settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    variables.map((variable) => {
      const value = settings[variable];
      if (value === undefined) throw new Error(`${name} reads ${variable}, for which the stack has no value`);
      return [variable, value];
    }),
  );
}
