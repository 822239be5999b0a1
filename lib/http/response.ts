/** Our answer in the shape API Gateway HTTP APIs take from a function (payload format 2.0). */
export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer without a body. */
export function emptyResponse(statusCode: number, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { statusCode, headers, body: '' };
}

export function jsonResponse(statusCode: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}
