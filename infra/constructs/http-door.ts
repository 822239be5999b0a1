import type { Duration } from 'aws-cdk-lib';
import {
  ApiMapping,
  CfnStage,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  type IHttpRouteAuthorizer,
  HttpStage,
  LogGroupLogDestination,
  type ThrottleSettings,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { DomainSettings } from '../stage-schema.ts';
import { type Keeping, RelayLogGroup } from './relay-log-group.ts';

interface HttpDoorProps {
  readonly path: string;
  /** Paths under it that everybody may read, `authorizer` or not. */
  readonly open?: readonly string[];
  /** Over each open path, which everybody can use up, so that nobody else's calls are used up with it. */
  readonly openThrottle?: ThrottleSettings;
  readonly target: IFunction;
  readonly authorizer: IHttpRouteAuthorizer;
  readonly timeout?: Duration;
  readonly throttle?: ThrottleSettings;
  /** With it the door's own execute-api address is closed. */
  readonly domain?: DomainSettings | undefined;
  readonly keeping: Keeping;
  readonly key: IKey;
}

/** No header, no query and no body: there is where secrets would be, and names but for the caller's own (docs/data.md). */
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

/** An HTTP API with one function behind it, its accesses logged, under its own name or one of ours. */
export class HttpDoor extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly routes: readonly HttpRoute[];
  readonly openRoutes: readonly HttpRoute[];
  readonly accessLogs: LogGroup;
  readonly url: string;
  /** What our name must point to, as a CNAME; undefined without one. */
  readonly dnsTarget: string | undefined;

  constructor(scope: Construct, id: string, props: HttpDoorProps) {
    super(scope, id);
    const { domain } = props;
    this.api = new HttpApi(this, 'Api', {
      description: `okta-event-relay: ${props.path}`,
      createDefaultStage: false,
      disableExecuteApiEndpoint: domain !== undefined,
    });
    const integration = new HttpLambdaIntegration('Function', props.target, props.timeout === undefined ? {} : { timeout: props.timeout });
    this.routes = this.api.addRoutes({ path: props.path, methods: [HttpMethod.ANY], authorizer: props.authorizer, integration });
    this.openRoutes = (props.open ?? []).flatMap((path) =>
      this.api.addRoutes({ path, methods: [HttpMethod.GET], authorizer: new HttpNoneAuthorizer(), integration }),
    );
    this.accessLogs = new RelayLogGroup(this, 'AccessLogs', { ...props, deliveredAs: id.toLowerCase() });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
      ...(props.throttle === undefined ? {} : { throttle: props.throttle }),
    });
    if (props.openThrottle !== undefined) this.#throttleOpenRoutes(props.open ?? [], props.openThrottle);
    this.dnsTarget = domain === undefined ? undefined : this.#answerTo(domain);
    this.url = domain === undefined ? this.api.apiEndpoint : `https://${domain.name}`;
  }

  /** By key of route, which CDK's stage has no words for. API Gateway refuses a stage with settings of a route that is not there yet. */
  #throttleOpenRoutes(paths: readonly string[], { rateLimit, burstLimit }: ThrottleSettings): void {
    const settings = { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit };
    const { defaultChild } = this.stage.node;
    if (!(defaultChild instanceof CfnStage)) throw new TypeError('an HTTP stage is made of one CfnStage');
    defaultChild.routeSettings = Object.fromEntries(paths.map((path) => [`GET ${path}`, settings]));
    this.stage.node.addDependency(...this.openRoutes);
  }

  /** Browsers and Okta alike talk TLS 1.2 or later. With client certificates (mTLS) nobody gets through without one of theirs. */
  #answerTo(domain: DomainSettings): string {
    const { clientCertificates } = domain;
    const name = new DomainName(this, 'Domain', {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
      ...(clientCertificates === undefined
        ? {}
        : {
            mtls: {
              bucket: Bucket.fromBucketName(this, 'ClientCertificates', clientCertificates.bucket),
              key: clientCertificates.key,
              version: clientCertificates.version,
            },
          }),
    });
    new ApiMapping(this, 'Mapping', { api: this.api, domainName: name, stage: this.stage });
    return name.regionalDomainName;
  }
}
