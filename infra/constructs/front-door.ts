import { Duration } from 'aws-cdk-lib';
import { CfnStage, HttpApi, HttpMethod, HttpNoneAuthorizer, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { hookAnswerMs } from '#lib/config/function-settings.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';

interface FrontDoorProps {
  readonly receiveHook: IFunction;
  readonly admin: IFunction;
  readonly keeping: Keeping;
  readonly key: IKey;
}

/** No header, no query and no body: there is where secrets and names would be. */
const accessLogFields = {
  requestId: '$context.requestId',
  time: '$context.requestTimeEpoch',
  route: '$context.routeKey',
  path: '$context.path',
  status: '$context.status',
  integrationStatus: '$context.integration.status',
  integrationLatencyMs: '$context.integration.latency',
  responseLatencyMs: '$context.responseLatency',
  requestBytes: '$context.requestLength',
  sourceIp: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
  error: '$context.error.message',
};

const adminRoute = 'ANY /v1/{proxy+}';

/**
 * The HTTP API. Okta's side has no authorizer (an extra function inside Okta's three seconds; the handler checks) and no throttle of
 * its own: a 429 is never sent again, so it would destroy events. The admin API is for callers who sign with IAM.
 */
export class FrontDoor extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, props: FrontDoorProps) {
    super(scope, id);
    const api = new HttpApi(this, 'Api', { description: 'okta-event-relay', createDefaultStage: false });
    api.addRoutes({
      path: '/okta/{orgId}/{proxy+}',
      methods: [HttpMethod.ANY],
      authorizer: new HttpNoneAuthorizer(),
      integration: new HttpLambdaIntegration('ReceiveHook', props.receiveHook, { timeout: Duration.millis(hookAnswerMs) }),
    });
    const adminRoutes = api.addRoutes({
      path: '/v1/{proxy+}',
      methods: [HttpMethod.ANY],
      authorizer: new HttpIamAuthorizer(),
      integration: new HttpLambdaIntegration('Admin', props.admin),
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(new RelayLogGroup(this, 'AccessLogs', props)),
        format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
    const cfnStage = stage.node.defaultChild;
    if (!(cfnStage instanceof CfnStage)) throw new Error('The stage of the HTTP API has no CloudFormation resource');
    // People and scripts, not events: a runaway caller must not use up what the account has for hooks.
    cfnStage.routeSettings = { [adminRoute]: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 } };
    for (const route of adminRoutes) cfnStage.node.addDependency(route);
    this.url = api.apiEndpoint;
  }
}
