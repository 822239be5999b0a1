import { isRelayError } from '../errors.ts';
import { problemResponse } from '../http/problem.ts';
import { emptyResponse, jsonResponse, type HttpResponse } from '../http/response.ts';
import type { AdminOutcome } from './admin-outcome.ts';

/** Answers hold names, addresses and, once, a secret. */
const noStore = { 'cache-control': 'no-store' } as const;
/** Seconds after which a call that met an outage is worth making again. */
const retryAfterSeconds = 5;

export function answerAdmin(outcome: AdminOutcome): HttpResponse {
  const { headers, ...response } = bare(outcome);
  return { ...response, headers: { ...headers, ...noStore } };
}

function bare(outcome: AdminOutcome): HttpResponse {
  switch (outcome.kind) {
    case 'found':
      return jsonResponse(200, outcome.body);
    case 'created':
      return jsonResponse(201, outcome.body, { location: outcome.location });
    case 'accepted':
      return jsonResponse(202, outcome.body, { location: outcome.location });
    case 'done':
      return emptyResponse(204);
    case 'unauthorised':
      return problemResponse({ status: 401, detail: 'This call needs a valid token', headers: { 'www-authenticate': outcome.challenge } });
    case 'not-found':
      return problemResponse({ status: 404 });
    case 'other-method':
      return problemResponse({ status: 405, headers: { allow: outcome.allow.join(', ') } });
    case 'conflict':
      return problemResponse({ status: 409, detail: outcome.detail });
    case 'not-json':
      return problemResponse({ status: 400, detail: 'The body is not JSON in UTF-8' });
    case 'other-media-type':
      return problemResponse({ status: 415, detail: 'The body must be JSON: send content-type: application/json' });
    case 'too-large':
      return problemResponse({ status: 413, detail: `A body can have ${outcome.maxBytes} bytes at most` });
    case 'invalid':
      return problemResponse({ status: 422, detail: 'What was sent has faults; see errors', errors: outcome.errors });
  }
}

/** For whatever was thrown. What it was is in the log line, not in the answer. */
export function answerFailure(error: unknown): HttpResponse {
  const status = isRelayError(error) ? error.row.httpStatus : 500;
  const headers = isRelayError(error) && error.retry ? { ...noStore, 'retry-after': String(retryAfterSeconds) } : noStore;
  return problemResponse({ status, headers });
}
