import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HookOutcome } from '../intake/hook-outcome.ts';
import type { HookTarget, UnverifiedHookRequest } from '../okta/hook-request.ts';
import { readHttpRequest } from './request.ts';
import { emptyResponse, jsonResponse, type HttpResponse } from './response.ts';

/** `/okta/{orgId}/events`; of any other path below `/okta/{orgId}` the org is still read, for authenticity comes first. */
const hookPath = /^\/okta\/([^/]+)(\/.*)?$/;

export function readHookRequest(event: APIGatewayProxyEventV2): UnverifiedHookRequest {
  const { method, path, headers, body, sentAtMs } = readHttpRequest(event);
  const match = hookPath.exec(path);
  const { sourceIp } = event.requestContext.http;
  return { orgId: match?.[1] ?? '', target: targetOf(method, match?.[2]), headers, body, sentAtMs, sourceIp };
}

function targetOf(method: string, rest: string | undefined): HookTarget {
  if (rest !== '/events') return 'other-path';
  if (method === 'GET') return 'challenge';
  return method === 'POST' ? 'events' : 'other-method';
}

/** The only table of what Okta is answered; docs/architecture.md has it in words. Okta retries a 5xx once, and a 4xx never. */
export function answerHook(outcome: HookOutcome): HttpResponse {
  switch (outcome.kind) {
    case 'accepted':
    case 'quarantined':
    case 'repeated':
      return emptyResponse(200);
    case 'challenged':
      return jsonResponse(200, { verification: outcome.verification });
    case 'refused':
      return emptyResponse(401);
    case 'challenge-missing':
      return emptyResponse(400);
    case 'other-path':
      return emptyResponse(404);
    case 'other-method':
      return emptyResponse(405, { allow: 'GET, POST' });
    case 'unavailable':
      return tryAgain();
  }
}

/** For whatever went wrong: Okta's one retry is the event's last chance. */
export function tryAgain(): HttpResponse {
  return emptyResponse(503);
}
