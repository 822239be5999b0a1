/**
 * admin: the operator's side of the relay.
 *
 * Arrives: calls of /v1/* through the HTTP API, by whoever holds the token or passed API Gateway's IAM authorizer.
 * Leaves:  subscriptions and replays in their tables, replays to be worked on replays.fifo, test events on deliveries.fifo, dead letters to be
 *          sent again on replay-deliveries.fifo; answers in JSON, faults as problem details (RFC 9457).
 * Retries: the caller. A 503 means that nothing was answered from; what was asked for may have happened all the same. All but creating and testing
 *          can be asked for again without doing it twice.
 */
import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { administer } from '#lib/admin/administer.ts';
import { readAdminRequest } from '#lib/admin/admin-request.ts';
import { answerAdmin, answerFailure } from '#lib/admin/answer.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { administering, telemetry } from './wiring.ts';

export const handler = middy<APIGatewayProxyEventV2, HttpResponse>(earlyTimeout)
  .use(wideLine('admin', telemetry))
  .onError((request) => {
    request.response = answerFailure(request.error);
  })
  .handler(async (event, context) => {
    const outcome = await administer(readAdminRequest(event), administering);
    lineOf(context).note({ outcome: outcome.kind });
    return answerAdmin(outcome);
  });
