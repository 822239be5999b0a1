/**
 * receive-hook: Okta's side of the relay.
 *
 * Arrives: GET (the one-time challenge) and POST (events) on /okta/{orgId}/events, through the HTTP API.
 * Leaves:  changes in the change log and what cannot be read in quarantine, both before the 200.
 * Retries: Okta, once, after a 5xx or 3 s of silence; never after a 4xx.
 */
import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { answerHook, readHookRequest, tryAgain } from '#lib/http/hook-endpoint.ts';
import type { HttpResponse } from '#lib/http/response.ts';
import { receiveHook } from '#lib/intake/receive-hook.ts';
import { countHookOutcome } from '#lib/telemetry/count-hook-outcome.ts';
import { earlyTimeout, lineOf, wideLine } from '#lib/telemetry/middleware.ts';
import { noteHookOutcome } from '#lib/telemetry/note-hook-outcome.ts';
import { receivingHooks, telemetry } from './wiring.ts';

export const handler = middy<APIGatewayProxyEventV2, HttpResponse>(earlyTimeout)
  .use(wideLine('receive-hook', telemetry))
  .onError((request) => {
    request.response = tryAgain();
  })
  .handler(async (event, context) => {
    const outcome = await receiveHook(readHookRequest(event), receivingHooks);
    noteHookOutcome(lineOf(context), outcome);
    countHookOutcome(telemetry.metrics, outcome);
    return answerHook(outcome);
  });
