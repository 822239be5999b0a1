import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { readHttpRequest, type HttpRequest } from '../http/request.ts';

export interface AdminRequest extends HttpRequest {
  /** Whom API Gateway's IAM authorizer let through; absent on routes without one. */
  readonly iamCaller?: string;
}

/** The part that only the IAM authorizer of an HTTP API fills in; a client cannot. */
const iamSchema = z.object({ requestContext: z.object({ authorizer: z.object({ iam: z.object({ userArn: z.string().min(1) }) }) }) });

export function readAdminRequest(event: APIGatewayProxyEventV2): AdminRequest {
  const iam = iamSchema.safeParse(event);
  return { ...readHttpRequest(event), ...(iam.success ? { iamCaller: iam.data.requestContext.authorizer.iam.userArn } : {}) };
}
