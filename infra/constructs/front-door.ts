import { Duration } from 'aws-cdk-lib';
import { HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { hookAnswerMs } from '#lib/config/function-settings.ts';
import { accept } from '../accept.ts';
import type { Stage } from '../stages.ts';
import { HttpDoor } from './http-door.ts';
import type { Keeping } from './relay-log-group.ts';

interface FrontDoorProps {
  readonly receiveHook: IFunction;
  readonly admin: IFunction;
  /** Of receive-hook, where the stage sets it apart. */
  readonly reservedConcurrency: number | undefined;
  readonly domains: Stage['domains'];
  readonly keeping: Keeping;
  readonly key: IKey;
}

/**
 * Two HTTP APIs, so that what is asked of callers at one door (certificates, a name, a throttle) is not asked at the other. Okta's has
 * no authorizer (an extra function inside Okta's three seconds; the handler checks) and no throttle of its own: a 429 is never sent
 * again, so it would destroy events. The admin API is for callers who sign with IAM, but for the public keys of subscriptions: receivers,
 * who have no identity at AWS, verify signatures with them. That route has a throttle of its own: whoever asks for keys without end
 * takes nothing from those who sign.
 */
export class FrontDoor extends Construct {
  readonly hooks: HttpDoor;
  readonly admin: HttpDoor;

  constructor(scope: Construct, id: string, props: FrontDoorProps) {
    super(scope, id);
    const { domains, keeping, key } = props;
    this.hooks = new HttpDoor(this, 'Hooks', {
      path: '/okta/{orgId}/{proxy+}',
      target: props.receiveHook,
      authorizer: new HttpNoneAuthorizer(),
      timeout: Duration.millis(hookAnswerMs),
      domain: domains?.hooks,
      keeping,
      key,
    });
    this.admin = new HttpDoor(this, 'Admin', {
      path: '/v1/{proxy+}',
      open: ['/v1/subscriptions/{id}/jwks.json'],
      target: props.admin,
      authorizer: new HttpIamAuthorizer(),
      // People and scripts, not events: a runaway caller must not use up what the account has for hooks.
      throttle: { rateLimit: 50, burstLimit: 100 },
      // Receivers keep the keys they were served: a few calls a second are plenty.
      openThrottle: { rateLimit: 10, burstLimit: 20 },
      domain: domains?.admin,
      keeping,
      key,
    });
    for (const route of this.hooks.routes)
      accept(route, 'AwsSolutions-APIG4', "Okta sends a secret and signs nothing; the handler compares it, inside Okta's three seconds.");
    for (const route of this.admin.openRoutes)
      accept(
        route,
        'AwsSolutions-APIG4',
        'Public keys, for receivers without an identity at AWS; throttled, and the handler opens this one path.',
      );
    accept(
      this.hooks.stage,
      'Serverless-APIGWDefaultThrottling',
      props.reservedConcurrency === undefined
        ? "Okta never sends again what was throttled; the bound is the account's own concurrency, which this stage shares among its functions."
        : `Okta never sends again what was throttled; the bound is the function's reserved concurrency, ${props.reservedConcurrency}.`,
    );
  }
}
