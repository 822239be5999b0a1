import type { FieldProblem } from '../subscriptions/field-problems.ts';
import type { HttpResponse } from './response.ts';

export interface Problem {
  readonly status: number;
  /** A sentence for the caller; never the message of an error, never what the caller must not know. */
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** RFC 9457 allows `type` to be left out (it then is `about:blank`), and asks that `title` be the phrase of the status. */
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** An answer in problem details (RFC 9457, `application/problem+json`). */
export function problemResponse({ status, detail, errors, headers }: Problem): HttpResponse {
  const body = {
    title: titles[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
  };
  return { statusCode: status, headers: { 'content-type': 'application/problem+json', ...headers }, body: JSON.stringify(body) };
}
