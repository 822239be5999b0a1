import type { APIGatewayProxyEventV2 } from 'aws-lambda';

export interface AdminCallInput {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly iamUserArn?: string;
  readonly stage?: string;
}

/** `GET /v1/subscriptions?limit=1` as an HTTP API hands it to a function (payload format 2.0), with invented values. */
export function adminEvent(
  line: `${string} /${string}`,
  { headers = {}, body, iamUserArn, stage = '$default' }: AdminCallInput = {},
): APIGatewayProxyEventV2 {
  const [method = '', target = ''] = line.split(' ', 2);
  const [rawPath = '', rawQueryString = ''] = target.split('?', 2);
  const isBase64Encoded = body !== undefined && typeof body !== 'string';
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: 'ANY /v1/{proxy+}',
    rawPath,
    rawQueryString,
    headers: { host: 'a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com', ...headers },
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      domainName: 'a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'a1b2c3d4e5',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.44', userAgent: 'curl/8.5.0' },
      requestId: 'Req0Admin000000=',
      routeKey: 'ANY /v1/{proxy+}',
      stage,
      time: '21/Nov/2026:12:00:00 +0000',
      timeEpoch: 1_795_262_400_000,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Buffer.from(body).toString('base64') }),
    isBase64Encoded,
  };
  if (iamUserArn === undefined) return event;
  const authorizer = {
    iam: {
      accessKey: 'AKIAINVENTED',
      accountId: '123456789012',
      callerId: 'AIDAINVENTED',
      cognitoIdentity: null,
      principalOrgId: null,
      userArn: iamUserArn,
      userId: 'AIDAINVENTED',
    },
  };
  // The type of plain HTTP API events leaves the authorizer out.
  return { ...event, requestContext: { ...event.requestContext, authorizer } as APIGatewayProxyEventV2['requestContext'] };
}
